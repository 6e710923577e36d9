// Reads a JSON list of diagrams from stdin with the npm package `mermaid` in the folder named first,
// and one that is wrong, so that this shows that mistakes are found.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const packages = process.argv[2];
const load = (path) => import(pathToFileURL(join(packages, path)));

const { JSDOM } = (await load("jsdom/lib/api.js")).default;
globalThis.window = new JSDOM("").window;
globalThis.document = window.document;
const mermaid = (await load("mermaid/dist/mermaid.core.mjs")).default;

const diagrams = JSON.parse(readFileSync(0, "utf8"));
let read = 0;
let failed = 0;
for (const diagram of diagrams) {
  try {
    const { diagramType } = await mermaid.parse(diagram);
    if (diagramType !== "stateDiagram") throw new Error(`it is a ${diagramType}`);
    read += 1;
  } catch (error) {
    failed += 1;
    console.log(`${error.message}\n${diagram}`);
  }
}
const wrong = await mermaid.parse("stateDiagram-v2\n a -->", { suppressErrors: true });
console.log(`${read} diagrams read, ${wrong === false ? 1 : 0} refused`);
process.exit(failed === 0 ? 0 : 1);
