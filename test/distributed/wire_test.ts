import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeRows, encodeRows, sparkSchema } from "../../lib/distributed/arrow.ts";
import { decodeBroadcast, encodeBroadcast, frameHead, parseHead } from "../../lib/distributed/wire.ts";
import { runPython } from "../python.ts";

Deno.test("a broadcast value comes out as it went in", () => {
  const doubles = fc.array(fc.double()).map((values) => Float64Array.from(values));
  fc.assert(fc.property(fc.jsonValue(), doubles, fc.array(fc.integer()), (data, a, b) => {
    const json = JSON.parse(JSON.stringify(data));
    const arrays = { a, b: Int32Array.from(b), "ä": Float32Array.from(a) };
    assert.deepEqual(decodeBroadcast(encodeBroadcast({ data: json, arrays })), { data: json, arrays });
  }));
});

Deno.test("the head of a frame tells letter and length", () => {
  fc.assert(fc.property(fc.constantFrom("O", "B", "X"), fc.nat(2 ** 32 - 1), (letter, length) => {
    assert.deepEqual(parseHead(frameHead(letter, length)), { letter, length });
  }));
});

Deno.test("rows come out of Arrow as they went in, and PyArrow reads them", () => {
  const schema = { row: "int32", value: "float64", name: "text", genres: "texts", vector: "binary" } as const;
  const bytes = encodeRows(schema, {
    row: [3, 1],
    value: [0.5, -1e300],
    name: ["ä", null],
    genres: [["a", "b"], []],
    vector: { bytes: Uint8Array.of(1, 2, 3, 4), width: 2 },
  });
  const table = decodeRows(bytes);
  assert.deepEqual([...table.numbers("row")!], [3, 1]);
  assert.deepEqual([...table.numbers("value")!], [0.5, -1e300]);
  assert.deepEqual(table.texts("name"), ["ä", null]);
  assert.deepEqual(table.lists("genres"), [["a", "b"], []]);
  assert.deepEqual(table.packed("vector"), Uint8Array.of(1, 2, 3, 4));
  assert.equal(table.numbers("none"), undefined);
  assert.throws(() => table.texts("none"), /Expected a column none but found row, value, name, genres, vector/);
  assert.equal(sparkSchema(schema), "row int, value double, name string, genres array<string>, vector binary");
  const python = `
import base64, json, sys, pyarrow as pa
table = pa.ipc.open_stream(base64.b64decode(sys.argv[1])).read_all()
print(json.dumps([table.column("row").to_pylist(), table.column("name").to_pylist(), table.column("genres").to_pylist(),
                  [list(v) for v in table.column("vector").to_pylist()], [str(t) for t in table.schema.types]]))`;
  assert.deepEqual(JSON.parse(runPython(python, [bytes.toBase64()])), [
    [3, 1],
    ["ä", null],
    [["a", "b"], []],
    [[1, 2], [3, 4]],
    ["int32", "double", "string", "list<: string>", "binary"],
  ]);
});
