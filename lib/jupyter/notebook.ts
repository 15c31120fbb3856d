/** Reading notebook files. */
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

/** The line of an exercise that declares an answer without a value; the reader puts the value in. */
export const UNSET_ANSWER = /^const (answer\d+): [^\n]*? = undefined;$/gm;

/** Reads a notebook file. */
export function readNotebook(path: string): NotebookFile {
  return JSON.parse(readFileSync(path, "utf8"));
}

/**
 * Title and question of a notebook from its first cell, which has a heading `# 05 · A time-aware score` and a paragraph
 * `**Question.** …`: the title without the number, the question in one line; empty where there is none.
 */
export function introductionOf(notebook: NotebookFile): { title: string; question: string } {
  const text = textOf(notebook.cells[0]?.source);
  const title = /^#\s*(?:\d\d\s*·\s*)?(.+)$/m.exec(text)?.[1] ?? "";
  const question = /\*\*Question\.\*\*\s*([\s\S]*?)(?:\n\s*\n|$)/.exec(text)?.[1] ?? "";
  return { title, question: question.replace(/\s+/g, " ").trim() };
}

/** A text of a notebook file, where it may be stored as a list of lines. */
export function textOf(value: unknown): string {
  return [value ?? ""].flat().join("");
}
