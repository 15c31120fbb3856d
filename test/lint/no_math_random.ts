/** A lint plugin: randomness comes from `seededRandom`, never from `Math.random`. */
const plugin: Deno.lint.Plugin = {
  name: "segue",
  rules: {
    "no-math-random": {
      create(context) {
        return {
          'MemberExpression[object.name="Math"][property.name="random"]'(node: Deno.lint.Node) {
            context.report({ node, message: "Math.random has no seed", hint: "take a `random: Random` argument" });
          },
        };
      },
    },
  },
};

export default plugin;
