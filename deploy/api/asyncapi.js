// Reads AsyncAPI documents as other teams' tools do; prints what is wrong as JSON: [{source, code, path, message, severity}].
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");

const [folder, ...files] = process.argv.slice(2);
const { Parser } = createRequire(join(folder, "package.json"))("@asyncapi/parser");

async function read(source) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(source, "utf8"));
  const found = diagnostics.map(({ code, path, message, severity }) => ({ source, code, path, message, severity }));
  if (!document && found.length === 0) found.push({ source, code: "no-document", path: [], message: "nothing was read", severity: 0 });
  return found;
}

Promise.all(files.map(read)).then((found) => process.stdout.write(JSON.stringify(found.flat())));
