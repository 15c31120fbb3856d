import assert from "node:assert/strict";
import fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../../lib/service/app.ts";
import { buildSearchIndex, SearchIndex } from "../../lib/service/search.ts";
import { Sessions } from "../../lib/service/sessions.ts";
import { Store } from "../../lib/service/store.ts";
import { smallCollection } from "./small_world.ts";

// deno-lint-ignore no-explicit-any -- an OpenAPI document
type Json = any;

/** Values that fit a JSON schema; with noise one part in four is anything at all, and numbers leave their range. */
function fitting(schema: Json, document: Json, noise: boolean): fc.Arbitrary<unknown> {
  const fits = shaped(schema, document, noise);
  return noise ? fc.oneof({ weight: 3, arbitrary: fits }, { weight: 1, arbitrary: fc.jsonValue() }) : fits;
}

function shaped(schema: Json, document: Json, noise: boolean): fc.Arbitrary<unknown> {
  if (schema.$ref) return shaped(document.components.schemas[schema.$ref.split("/").at(-1)], document, noise);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one: Json) => shaped(one, document, noise)));
  switch ([schema.type].flat()[0]) {
    case "object":
      return fc.record(
        Object.fromEntries(
          Object.entries(schema.properties ?? {}).map(([name, property]) => [name, fitting(property, document, noise)]),
        ),
        { requiredKeys: schema.required ?? [] },
      );
    case "array":
      return schema.prefixItems
        ? fc.tuple(...schema.prefixItems.map((item: Json) => fitting(item, document, noise)))
        : fc.array(fitting(schema.items ?? {}, document, noise), { maxLength: 4 });
    case "integer":
      return inRange(fc.integer({ min: schema.minimum ?? -5, max: schema.maximum ?? 60 }), fc.integer(), noise);
    case "number": {
      const range = { min: schema.minimum ?? -10, max: schema.maximum ?? 10, noNaN: true };
      return inRange(fc.double(range), fc.double(), noise);
    }
    case "boolean":
      return fc.boolean();
    default:
      return inRange(fc.constantFrom("t1", "t7", "rock", "ann"), fc.string({ unit: "grapheme" }), noise);
  }
}

function inRange<T>(inside: fc.Arbitrary<T>, any: fc.Arbitrary<T>, noise: boolean): fc.Arbitrary<T> {
  return noise ? fc.oneof(inside, any) : inside;
}

Deno.test("whatever is asked, every address answers as the OpenAPI document says", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-fuzz-"));
  const collection = smallCollection(60);
  buildSearchIndex(join(folder, "s.sqlite"), collection.catalog);
  const search = new SearchIndex(join(folder, "s.sqlite"), collection.catalog);
  const store = new Store(":memory:");
  let now = Date.parse("2026-03-01T18:00:00Z");
  const parts = {
    collection,
    search,
    store,
    sessions: new Sessions(collection, store, () => (candidates, out) => candidates.forEach((_, c) => out[c] = c)),
    now: () => now += 1000,
  };
  const app = createApp(parts);
  try {
    const document: Json = await (await app.request("/openapi.json")).json();
    const begun: Json = await (await app.request("/api/sessions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"listener":"fuzz","seed":1}',
    })).json();
    for (const [path, methods] of Object.entries(document.paths as Json)) {
      for (const [method, operation] of Object.entries(methods as Json) as [string, Json][]) {
        const schema = operation.requestBody?.content["application/json"].schema;
        const query = (operation.parameters ?? []).filter((parameter: Json) => parameter.in === "query");
        const request = fc.record({
          id: fc.oneof(
            { weight: 3, arbitrary: fc.constantFrom(begun.id, "t3", "fuzz") },
            { weight: 1, arbitrary: fc.string({ unit: "grapheme", minLength: 1 }) },
          ),
          query: fc.record(Object.fromEntries(query.map((q: Json) => [q.name, fitting(q.schema, document, true)])), {
            requiredKeys: [],
          }),
          body: schema
            ? fc.oneof(fitting(schema, document, false), fitting(schema, document, true), fc.string())
            : fc.constant(undefined),
        });
        const statuses = new Set<number>();
        const refusals = new Set<string>();
        await fc.assert(
          fc.asyncProperty(request, async ({ id, query, body }) => {
            const values = Object.entries(query).map(([name, value]) => [name, String(value).toWellFormed()]);
            const parameters = new URLSearchParams(values);
            const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
            const address = `${path.replace("{id}", encodeURIComponent(id.toWellFormed()))}?${parameters}`;
            const answer = await app.request(address, {
              method: method.toUpperCase(),
              headers: text === undefined ? {} : { "content-type": "application/json" },
              body: text,
            });
            statuses.add(answer.status);
            const said = await answer.text();
            if (answer.status === 422) refusals.add(said);
            const seen = `${method} ${address} ${text}: ${answer.status} ${said.slice(0, 200)}`;
            assert.ok(String(answer.status) in operation.responses, seen);
            assert.ok(answer.status < 500 || answer.status === 503, seen);
            if (answer.status !== 200) assert.equal(typeof JSON.parse(said).error, "string", seen);
          }),
          { numRuns: 200, seed: 1 },
        );
        const working = path === "/api/continuations" ? 503 : 200;
        assert.ok(statuses.has(working), `${method} ${path} only answered ${[...statuses]} ${[...refusals]}`);
      }
    }
  } finally {
    store.close();
    search.close();
    rmSync(folder, { recursive: true });
  }
});
