/**
 * The plan of the library, checked: which room stands on which floor, that imports only lead down, that no files import
 * each other in a circle, how long files are, and how many names are offered.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path/posix";

/**
 * The rooms of `lib/`, floor by floor. A room imports from lower floors only, never from a room of its own floor.
 */
export const FLOORS: readonly (readonly string[])[] = [
  ["data", "math"],
  ["catalog", "audio", "metrics"],
  ["features"],
  ["embedding", "graph", "sequence"],
  ["score"],
  ["listening"],
  ["choice"],
  ["hybrid"],
  ["evaluation"],
  ["plots", "spark", "service"],
  ["prepare.ts"],
  ["cli", "jupyter", "mod.ts"],
];

/** Rooms that a room may not use although they stand lower. */
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  metrics: ["data"],
  service: ["evaluation", "plots"],
};

/** The most that is allowed. */
export const LIMITS = { lines: 41_200, linesOfFile: 400, names: 200, namesOfRoom: 60, namesOfRooms: 450 };

/** What was measured of a library. */
export interface House {
  /** Lines of all files, kernels that were compiled and JSON aside. */
  lines: number;
  /** Names that `mod.ts` exports. */
  names: number;
  /** Names that the `mod.ts` of each room exports. */
  namesOfRooms: Record<string, number>;
  /** Lines of the longest file, kernels, JSON and CSS aside. */
  longest: number;
  /** What goes against the plan, one line each. */
  findings: string[];
}

/**
 * Measures a library and holds it against the plan.
 *
 * @param lib The library's folder.
 * @returns What was measured.
 */
export function measureHouse(lib: string): House {
  const files = readdirSync(lib, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /\.[a-z]+$/.test(name) && !/\.wasm\.ts$|\.json$|\.pyc$/.test(name)).sort();
  const texts = new Map(files.map((file) => [file, readFileSync(join(lib, file), "utf8")]));
  const lengths = new Map([...texts].map(([file, text]) => [file, text.split("\n").length - 1]));
  const imports = new Map(
    [...texts].filter(([file]) => /\.tsx?$/.test(file)).map(([file, text]) => [file, importsOf(file, text)]),
  );
  const handWritten = files.filter((file) => !/\.(as|css)$/.test(file));
  const rooms = readdirSync(lib).filter((room) => existsSync(join(lib, room, "mod.ts")));
  const namesOfRooms = Object.fromEntries(rooms.map((room) => [room, exportsOf(texts.get(`${room}/mod.ts`)!)]));
  const house = {
    lines: sum(lengths.values()),
    names: exportsOf(texts.get("mod.ts") ?? ""),
    namesOfRooms,
    longest: Math.max(0, ...handWritten.map((file) => lengths.get(file)!)),
  };
  const findings = [
    ...[...imports].flatMap(([file, targets]) => wrongImports(file, targets)),
    ...circle(imports),
    ...handWritten.filter((file) => lengths.get(file)! > LIMITS.linesOfFile)
      .map((file) => `lib/${file} has ${lengths.get(file)} lines; ${LIMITS.linesOfFile} are the limit`),
    ...over("lib has lines", house.lines, LIMITS.lines),
    ...over("lib/mod.ts exports names", house.names, LIMITS.names),
    ...over("the rooms export names", sum(Object.values(namesOfRooms)), LIMITS.namesOfRooms),
    ...(texts.has("README.md") ? wrongMap(texts.get("README.md")!, files) : ["lib/README.md, the map, is missing"]),
    ...rooms.flatMap((room) => over(`lib/${room}/mod.ts exports names`, namesOfRooms[room], LIMITS.namesOfRoom)),
  ];
  return { ...house, findings };
}

/** The files of the library that a file imports, types and examples in comments included. */
function importsOf(file: string, text: string): string[] {
  return [...text.matchAll(/(?:from\s+|import\s*\(\s*|import\s+|new URL\(\s*)"(\.{1,2}\/[^"]+\.tsx?)"/g)]
    .map(([, target]) => join(dirname(file), target)).filter((target) => !target.startsWith(".."));
}

/** Imports that do not lead to a lower floor. */
function wrongImports(file: string, targets: string[]): string[] {
  const room = file.split("/")[0];
  const floor = floorOf(room);
  if (floor < 0) return [`lib/${file} stands in no room of the plan`];
  return targets.filter((target) => {
    const to = target.split("/")[0];
    return to !== room && (floorOf(to) >= floor || FORBIDDEN[room]?.includes(to));
  }).map((target) => `lib/${file} imports ${relative(dirname(file), target)}, which does not stand below it`);
}

/** The floor of a room, from 0; −1 when it is none. */
function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

/** The first circle of imports, as a finding. */
function circle(imports: ReadonlyMap<string, string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] => {
    const start = path.indexOf(file);
    if (start >= 0) return [`files import each other in a circle: ${[...path.slice(start), file].join(" -> ")}`];
    if (done.has(file)) return [];
    path.push(file);
    for (const target of imports.get(file) ?? []) {
      const found = target === file ? [] : visit(target);
      if (found.length) return found;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of imports.keys()) {
    const found = visit(file);
    if (found.length) return found;
  }
  return [];
}

/** Rooms that the map leaves out, and files and folders that it names and that are not there. */
function wrongMap(map: string, files: readonly string[]): string[] {
  const rooms = new Set(files.map((file) => file.split("/")[0]).filter((room) => room !== "README.md"));
  const named = [...map.matchAll(/`([a-z_]+(?:\/[a-z_]+)*(?:\/|\.tsx?))`/g)].map(([, path]) => path);
  return [
    ...[...rooms].filter((room) => !map.includes(`\`${room.replace(/^([a-z]+)$/, "$1/")}\``))
      .map((room) => `lib/README.md does not name ${room}`),
    ...named.filter((path) =>
      !files.some((file) => file === path || file.startsWith(path)) && !path.startsWith("test/")
    )
      .map((path) => `lib/README.md names ${path}, which is not there`),
  ];
}

/** Number of names that a module exports; a star, which hides how many, counts as more than any limit. */
function exportsOf(text: string): number {
  if (/^export \*/m.test(text)) return Infinity;
  const lists = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list]) => list.split(","));
  const own = text.match(/^export (?:async )?(?:function|const|class|interface|type)\s+\w+/gm) ?? [];
  return lists.filter((name) => name.replace(/\/\/.*$/gm, "").trim()).length + own.length;
}

function over(what: string, found: number, limit: number): string[] {
  return found > limit ? [`${what}: ${found}; ${limit} are the limit`] : [];
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

if (import.meta.main) {
  const { findings, ...figures } = measureHouse(new URL("../lib", import.meta.url).pathname);
  console.log(JSON.stringify(figures, null, 2));
  for (const finding of findings) console.log(finding);
}
