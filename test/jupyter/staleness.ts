import { join } from "node:path";
import { notebookNames, ROOT } from "../../lib/jupyter/project.ts";
import { digest, digestNotebook, digestSources, readProvenance } from "../../lib/jupyter/provenance.ts";

/**
 * Compares a report with the notebooks and sources as they are now.
 *
 * @param reports The folder of the report.
 * @param root The project's folder.
 * @returns What has changed since, a line each, and the command that mends it last; empty when the report is current.
 */
export function staleness(reports: string, root: string = ROOT): string[] {
  const provenance = readProvenance(reports);
  const mend = (only: string) => `mend it with: deno task report${only}`;
  if (!provenance) return ["reports/ has no provenance.json", mend("")];
  const folder = join(root, "notebooks");
  const names = notebookNames(root);
  const now = digestSources(root);
  const sources = digest(JSON.stringify(now));
  const old = names.filter((name) => {
    const ran = provenance.notebooks[name];
    return ran?.sources !== sources || ran.notebook !== digestNotebook(join(folder, `${name}.ipynb`));
  });
  const gone = Object.keys(provenance.notebooks).filter((name) => !names.includes(name));
  if (old.length + gone.length === 0) return [];
  const changed = [...new Set([...Object.keys(now), ...Object.keys(provenance.sources)])]
    .filter((path) => now[path] !== provenance.sources[path]).sort();
  return [
    ...old.map((name) => `${name}: ${provenance.notebooks[name] ? "ran before the last change" : "has not run"}`),
    ...gone.map((name) => `${name}: is in reports/ but no longer in notebooks/`),
    ...(changed.length > 0 ? [`changed: ${changed.slice(0, 8).join(", ")}${changed.length > 8 ? ", …" : ""}`] : []),
    mend(old.length < names.length && gone.length === 0 ? ` --only ${old.map((n) => n.slice(0, 2)).join()}` : ""),
  ];
}
