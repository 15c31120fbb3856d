import { type NotebookFile, textOf, UNSET_ANSWER } from "../../lib/jupyter/notebook.ts";

/** A check of an answer: the code cell that asks for it, and the code of its folded solution. */
export interface Exercise {
  /** Name of the variable: `answer1`. */
  name: string;
  /** Place of the code cell that declares it unset and checks it. */
  cell: number;
  /** Code of the folded solution, which declares it set; `undefined` when there is none. */
  solution?: string;
}

const FOLDED = /<details><summary>Solution[\s\S]*?<\/details>/g;
const BLOCK = /```ts\n([\s\S]*?)```/g;

/**
 * The exercises of a notebook that have a check.
 *
 * @param notebook The notebook.
 * @returns One entry a variable `answer1`, `answer2`, … that a code cell declares unset.
 */
export function exercisesOf(notebook: NotebookFile): Exercise[] {
  const texts = notebook.cells.map(({ source }) => textOf(source));
  const blocks = texts.flatMap((text, c) =>
    notebook.cells[c].cell_type === "markdown"
      ? [...text.matchAll(FOLDED)].flatMap(([folded]) => [...folded.matchAll(BLOCK)].map(([, code]) => code))
      : []
  );
  return texts.flatMap((text, cell) =>
    notebook.cells[cell].cell_type !== "code" ? [] : [...text.matchAll(UNSET_ANSWER)].map(([, name]) => ({
      name,
      cell,
      solution: blocks.find((code) => new RegExp(`^const ${name}\\b`, "m").test(code)),
    }))
  );
}

/**
 * A notebook as a reader leaves it who has solved everything.
 *
 * @param notebook The notebook; it is not changed.
 * @returns A copy in which the code of the solutions stands where the answers were unset. Where a solution uses what
 * the cell declares after the answer, it is put behind these declarations, in front of the check.
 */
export function solved<T extends NotebookFile>(notebook: T): T {
  const copy: T = structuredClone(notebook);
  for (const { name, cell, solution } of exercisesOf(notebook)) {
    if (solution === undefined) continue;
    const text = textOf(copy.cells[cell].source);
    const unset = new RegExp(`^const ${name}: [^\\n]*? = undefined;\\n`, "m");
    const check = text.search(new RegExp(`^await (segue\\.)?checkAnswer(<.*>)?\\(\\s*"${name}"`, "m"));
    if (check < 0) throw new Error(`Expected a checkAnswer("${name}", …) in cell ${cell + 1} but found none`);
    const before = text.slice(0, check).replace(unset, "");
    copy.cells[cell].source = `${before}${solution.trimEnd()}\n${text.slice(check)}`;
  }
  return copy;
}

/**
 * What a notebook of the course lacks: a question, goals, what it reads and writes, what it needs, class time, links to
 * its neighbours at both ends, two exercises with check and folded solution, references.
 *
 * @param notebook The notebook.
 * @param before File name of the notebook before it.
 * @param after File name of the notebook after it.
 * @returns One line a lack; none when all is there.
 */
export function courseLacks(notebook: NotebookFile, before?: string, after?: string): string[] {
  const texts = notebook.cells.map(({ source }) => textOf(source));
  const [first, last] = [texts[0], texts[texts.length - 1]];
  const lacks: string[] = [];
  const want = (there: boolean, what: string) => {
    if (!there) lacks.push(what);
  };
  want(/\*\*Question\.\*\*/.test(first), "a question in the first cell");
  want(/You will learn|After this notebook you can/.test(first), "learning goals in the first cell");
  want(/Reads/.test(first) && /Writes/i.test(first), "what it reads and writes in the first cell");
  want(/\*\*Needs\*\*/.test(first), "what it needs in the first cell");
  want(/\*\*In\s+class\*\*\s+about\s+\d+\s+minutes/.test(first), "its time in class in the first cell");
  for (const [name, arrow] of [[before, "←"], [after, "→"]]) {
    if (name === undefined) continue;
    for (const [text, place] of [[first, "first"], [last, "last"]]) {
      const linked = text.split("[").some((part) => part.includes(`](${name})`) && part.includes(arrow!));
      want(linked, `a link ${arrow} ${name} in the ${place} cell`);
    }
  }
  const exercises = exercisesOf(notebook);
  want(exercises.length >= 2, `two exercises with a check (found ${exercises.length})`);
  for (const { name, solution } of exercises) want(solution !== undefined, `a folded solution that sets ${name}`);
  want(/^## References\n\n- /m.test(last), "references in the last cell");
  return lacks;
}

/**
 * The files that a notebook's text links to.
 *
 * @param notebook The notebook.
 * @returns Targets of Markdown links that are no web addresses and no places in the page, without what follows `#`.
 */
export function localLinks(notebook: NotebookFile): string[] {
  return notebook.cells.filter(({ cell_type }) => cell_type === "markdown")
    .flatMap(({ source }) => [...textOf(source).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target))
    .filter((target) => !/^(https?:|#|mailto:)/.test(target)).map((target) => target.split("#")[0]);
}
