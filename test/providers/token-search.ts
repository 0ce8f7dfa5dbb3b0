import { PLACEHOLDER } from '../../src/model/providers/provider.ts';
import { REAL_TOKEN } from './model-fleet.ts';

const reversed = (text: string): string => [...text].reverse().join('');

/**
 * A command for an agent that looks for its credential everywhere that it can look: in the environment and command line
 * of every process, and in every file that may be its own. Prints `real <n> placeholder <n>`. It bears what it looks for
 * only backwards, so as not to find itself.
 */
export const TOKEN_SEARCH = `node -e '
const fs = require("node:fs");
const wanted = process.argv.slice(1).map((text) => [...text].reverse().join(""));
const found = [0, 0];
const look = (path) => {
  try {
    const text = fs.readFileSync(path, "latin1");
    wanted.forEach((each, index) => { if (text.includes(each)) found[index] += 1; });
  } catch {}
};
for (const pid of fs.readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name)))
  for (const file of ["environ", "cmdline"]) look("/proc/" + pid + "/" + file);
for (const folder of ["/home", "/etc", "/tmp", "/run", "/var", "/opt/bb", "/bb"]) {
  let names = [];
  try { names = fs.readdirSync(folder, { recursive: true, withFileTypes: true }); } catch {}
  for (const name of names) if (name.isFile()) look(name.parentPath + "/" + name.name);
}
console.log("real " + found[0] + " placeholder " + found[1]);
' ${reversed(REAL_TOKEN)} ${reversed(PLACEHOLDER)}`;
