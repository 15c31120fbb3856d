/**
 * What a notebook says of itself at its top.
 *
 * @module
 */

/** A notebook file, as far as it matters here. */
export interface NotebookFile {
  /** Its cells. */
  cells: {
    cell_type: string;
    source: string | string[];
    outputs?: { data?: Record<string, unknown> }[];
  }[];
}

/**
 * Reads title and question from the first cell: a heading `# 05 · A time-aware score`, a paragraph `**Question.** …`.
 *
 * @param notebook The notebook.
 * @returns The title without the number, and the question in one line; empty where there is none.
 */
export function introductionOf(notebook: NotebookFile): { title: string; question: string } {
  const text = textOf(notebook.cells[0]?.source);
  const title = /^#\s*(?:\d\d\s*·\s*)?(.+)$/m.exec(text)?.[1] ?? "";
  const question = /\*\*Question\.\*\*\s*([\s\S]*?)(?:\n\s*\n|$)/.exec(text)?.[1] ?? "";
  return { title, question: question.replace(/\s+/g, " ").trim() };
}

/**
 * A text of a notebook file, which may be a list of lines.
 *
 * @param value The text or its lines.
 * @returns The text.
 */
export function textOf(value: unknown): string {
  return [value ?? ""].flat().join("");
}
