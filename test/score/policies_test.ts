import assert from "node:assert/strict";
import { POLICIES, type Policy, POLICY_NAMES, policyOf } from "../../lib/score/policies.ts";
import { Session } from "../../lib/score/session.ts";
import { UserState } from "../../lib/score/state.ts";
import { randomCollection } from "./small_worlds.ts";

const collection = randomCollection(30, 10, 2);

Deno.test("recipe: a session plays by a policy of one's own, an order or a walk", () => {
  const backwards: Policy = {
    name: "backwards",
    label: "Backwards",
    description: "the library from its end",
    order: (library) => Int32Array.from(library).reverse(),
  };
  const order = new Session(new UserState(collection), { policy: backwards, count: 31 }).run();
  assert.deepEqual(order.slice(0, 3).map(({ track }) => track), [29, 28, 27]);
  assert.equal(order[30].track, 29, "and again from its end");
  assert.ok(order.every(({ probability, distribution }) => probability === null && !distribution));

  const nearest: Policy = { ...policyOf("similarity"), name: "nearest", label: "Nearest", temperature: 0 };
  const walk = new Session(new UserState(collection), { policy: nearest, from: 4, count: 6 }).run();
  for (let i = 1; i < walk.length; i++) {
    const { graph } = collection;
    assert.equal(walk[i].track, graph.indices[graph.offsets[walk[i - 1].track]]);
  }
});

Deno.test("every policy has a name, a label and a line of its own; an unknown one is refused with all names", () => {
  for (const key of ["name", "label", "description"] as const) {
    assert.equal(new Set(POLICIES.map((policy) => policy[key])).size, POLICIES.length);
  }
  assert.throws(
    () => new Session(new UserState(collection), { policy: "smart" as "segue" }),
    new RegExp(`one of ${POLICY_NAMES.join(", ")} but found 'smart'`),
  );
});
