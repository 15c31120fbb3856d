/** How an address of the API is declared: its schemas check the requests and make the OpenAPI document. */
import { createRoute, type OpenAPIHono, type z } from "@hono/zod-openapi";
import { ErrorBody } from "./schemas.ts";

/** What a request must have, by part. */
interface Asked {
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodObject;
}

/** The parts of a request together, after they were checked. */
type Given<Asks extends Asked> = Part<Asks["params"]> & Part<Asks["query"]> & Part<Asks["body"]>;
type Part<Schema> = Schema extends z.ZodType ? z.infer<Schema> : unknown;

/** The failures that every address may answer, for the OpenAPI document. */
export const FAILURES = Object.fromEntries(
  Object.entries({
    400: "The request does not have the form that is asked for",
    401: "The bearer token is missing or wrong",
    404: "There is no such thing",
    405: "The address takes other methods, named in the header allow",
    409: "The session is over",
    413: "The request is too large",
    415: "The body is not of type application/json",
    421: "The host that was asked for is not this machine, and the service has no token",
    422: "A value is out of range",
    429: "Too many requests",
    500: "A fault of ours",
    503: "Not available here",
    504: "It took too long",
  }).map(([status, description]) => [status, { description, content: json(ErrorBody) }]),
);

/**
 * Makes the function that adds an address of a method to an application:
 * `add(path, summary, answers, asks)(answer)`, where `answers` and `asks` are schemas and `answer` gets the checked parts of
 * the request in one object.
 */
export function endpoint(app: OpenAPIHono, method: "get" | "post" | "patch") {
  return <Answers extends z.ZodType, Asks extends Asked>(
    path: string,
    summary: string,
    answers: Answers,
    { params, query, body }: Asks = {} as Asks,
  ) => {
    const request = { params, query, body: body && { content: json(body), required: true } };
    const responses = { 200: { description: summary, content: json(answers) }, ...FAILURES };
    return (answer: (given: Given<Asks>) => z.input<Answers> | Promise<z.input<Answers>>) =>
      app.openapi(createRoute({ method, path, summary, request, responses }), async (c) => {
        const part = (name: "param" | "query" | "json", asked: unknown) => asked ? c.req.valid(name as never) : {};
        const given = { ...part("param", params), ...part("query", query), ...part("json", body) };
        return c.json(await answer(given as Given<Asks>) as object, 200);
      });
  };
}

function json(schema: z.ZodType) {
  return { "application/json": { schema } };
}
