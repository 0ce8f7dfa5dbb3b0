/**
 * Prints lines by `write`, which throws what it cannot: a full disk loses lines and ends nobody. The first one that it
 * takes again says how many were lost. A stream would take none any more.
 */
export function lineOutput(write: (text: string) => void): (line: string) => void {
  let lost = 0;
  return (line) => {
    try {
      if (lost > 0) write(`bundle | lost ${lost} lines: they could not be written\n`);
      lost = 0;
      write(`${line}\n`);
    } catch {
      lost += 1;
    }
  };
}
