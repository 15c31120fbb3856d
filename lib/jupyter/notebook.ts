/**
 * What a notebook file says of itself.
 *
 * @module
 */
import { readFileSync } from "node:fs";

/** A notebook file, as far as it matters here. */
export interface NotebookFile {
  /** Its cells. */
  cells: {
    cell_type: string;
    source: string | string[];
    metadata?: { slideshow?: { slide_type?: string } };
    outputs?: { data?: Record<string, unknown> }[];
  }[];
}

/** An exercise's answer that the reader is to give: the line that declares it unset, with its name. */
export const UNSET_ANSWER = /^const (answer\d+): [^\n]*? = undefined;$/gm;

/**
 * Reads a notebook file.
 *
 * @param path The file.
 * @returns The notebook.
 */
export function readNotebook(path: string): NotebookFile {
  return JSON.parse(readFileSync(path, "utf8"));
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
