import assert from "node:assert/strict";
import fc from "fast-check";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readNpy, readNpyMatrix, writeNpy } from "../../lib/data/npy.ts";
import { readNpz, writeNpz } from "../../lib/data/npz.ts";
import { runPython } from "../python.ts";

function withFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "segue-npy-"));
  try {
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

Deno.test("numpy.load reads what writeNpy() and writeNpz() write", () => {
  withFolder((folder) => {
    writeNpy(join(folder, "m.npy"), { data: Float32Array.of(1, 2, 3, 4, 5, 6.5), rows: 2, columns: 3 });
    writeNpy(join(folder, "v.npy"), { data: Int32Array.of(7, -8), shape: [2] });
    writeNpz(join(folder, "a.npz"), { big: { data: BigInt64Array.of(3n, 4n), shape: [2] }, format: "csr" });
    const code = `import sys, numpy as np, os
m, v, a = (np.load(os.path.join(sys.argv[1], f)) for f in ("m.npy", "v.npy", "a.npz"))
print(m.dtype, m.shape, m.tolist(), v.dtype, v.tolist(), a["big"].tolist(), a["format"].item().decode())`;
    assert.equal(
      runPython(code, [folder]).trim(),
      "float32 (2, 3) [[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]] int32 [7, -8] [3, 4] csr",
    );
  });
});

Deno.test("writeNpz() writes archives whose check sums Python's zipfile bears out, whatever the text and the arrays", () => {
  withFolder((folder) => {
    const entries = {
      none: { data: new Float32Array(0), shape: [0] },
      text: "Motörhead · 東京",
      x: { data: Float64Array.of(1, -2.5), shape: [2] },
    };
    writeNpz(join(folder, "a.npz"), entries);
    assert.deepEqual(readNpz(join(folder, "a.npz")), entries);
    const code = `import sys, numpy as np, zipfile
path = sys.argv[1] + "/a.npz"
a = np.load(path)
print(zipfile.ZipFile(path).testzip(), a["none"].shape, a["text"].item().decode(), a["x"].tolist())`;
    assert.equal(runPython(code, [folder]).trim(), "None (0,) Motörhead · 東京 [1.0, -2.5]");
  });
});

Deno.test("readNpyMatrix() and readNpz() read what NumPy writes, float64 and compressed too", () => {
  withFolder((folder) => {
    const code = `import sys, numpy as np, os
np.save(os.path.join(sys.argv[1], "m.npy"), np.array([[0.5, -1.25], [3, 4]]))
np.savez_compressed(os.path.join(sys.argv[1], "a.npz"), x=np.arange(5, dtype=np.int32))`;
    runPython(code, [folder]);
    const m = readNpyMatrix(join(folder, "m.npy"));
    assert.deepEqual([m.rows, m.columns, [...m.data]], [2, 2, [0.5, -1.25, 3, 4]]);
    const x = readNpz(join(folder, "a.npz")).x;
    assert.ok(typeof x !== "string");
    assert.deepEqual([...x.data as Int32Array], [0, 1, 2, 3, 4]);
  });
});

Deno.test("readNpyMatrix() turns what NumPy saved column by column", () => {
  withFolder((folder) => {
    const code = `import sys, numpy as np, os
np.save(os.path.join(sys.argv[1], "f.npy"), np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)))`;
    runPython(code, [folder]);
    assert.deepEqual([...readNpyMatrix(join(folder, "f.npy")).data], [0, 1, 2, 3, 4, 5]);
  });
});

Deno.test("readNpz() gives back long texts, and names an archive that is cut or none", () => {
  withFolder((folder) => {
    const path = join(folder, "a.npz");
    const text = "segue ".repeat(2000).trim();
    writeNpz(path, { x: { data: Float64Array.of(1, -2.5), shape: [2] }, text });
    assert.deepEqual(readNpz(path), { x: { data: Float64Array.of(1, -2.5), shape: [2] }, text });
    const whole = readFileSync(path);
    for (const bytes of [whole.subarray(0, whole.length - 30), whole.subarray(100), new Uint8Array(0)]) {
      writeFileSync(path, bytes);
      assert.throws(
        () => readNpz(path),
        /a\.npz: expected a NumPy NPZ archive but found another kind of file, or a cut one/,
      );
    }
  });
});

Deno.test("readNpy() and readNpz() give back any float32 array, wherever it lies in an archive", () => {
  withFolder((folder) => {
    const path = join(folder, "a");
    fc.assert(fc.property(fc.float32Array({ minLength: 1 }), fc.integer({ min: 1, max: 8 }), (data, shift) => {
      const [name, array] = ["x".repeat(shift), { data, shape: [data.length] }];
      writeNpy(path, array);
      assert.deepEqual(readNpy(path), array);
      writeNpz(path, { [name]: array });
      assert.deepEqual(readNpz(path), { [name]: array });
    }));
  });
});

Deno.test("readNpy() names the file and what is wrong with it", () => {
  withFolder((folder) => {
    const path = join(folder, "bad.npy");
    assert.throws(() => readNpy(path), { name: "InputError", message: `${path}: no such file` });
    writeFileSync(path, "track_id,energy\n1,0.5\n");
    assert.throws(() => readNpy(path), /expected a NumPy NPY file but found another kind/);
    writeNpy(path, { data: Float32Array.of(1, 2, 3), shape: [3] });
    assert.throws(() => readNpyMatrix(path), /expected a matrix with 2 axes but found 1/);
    const whole = readFileSync(path);
    for (const length of [whole.length - 4, 40]) {
      writeFileSync(path, whole.subarray(0, length));
      assert.throws(() => readNpy(path), /the file is cut/);
    }
  });
});
