import type { DockerfileSource, FileText, IncludedFile } from '../model/bottle-spec.ts';
import { didYouMean } from '../model/did-you-mean.ts';
import { contextFiles } from '../model/dockerfile/context-files.ts';
import { readIgnoreFile } from '../model/dockerfile/ignore-file.ts';
import {
  OTHER_ENDING,
  otherEnding,
  readInstructions,
  WITHOUT_ENDING,
} from '../model/dockerfile/instructions.ts';
import { sha256 } from '../model/fingerprint.ts';
import type { Fingerprint } from '../model/names.ts';
import { decodeUtf8 } from './decode-text.ts';
import { type Position, type Problems, quote } from './problems.ts';
import type { TreeFile } from './tree-file.ts';

/** Where a reference stands, for what is wrong with it. */
export interface Place {
  readonly file: string;
  readonly at: Position;
}

/** Files of the tree that YAML refers to, read from the commit only; keeps the bytes of each that was asked for. */
export class ReferencedFiles {
  readonly #files: ReadonlyMap<string, TreeFile>;
  readonly #refused: ReadonlySet<string>;
  readonly #problems: Problems;
  readonly #skills: ReadonlyMap<string, readonly string[]>;
  readonly #skillFiles = new Map<string, readonly IncludedFile[]>();
  readonly #dockerfiles = new Map<string, DockerfileSource | null>();
  readonly #digests = new Map<string, Fingerprint>();
  readonly contents = new Map<Fingerprint, Uint8Array>();

  constructor(
    tree: ReadonlyMap<string, TreeFile>,
    files: ReadonlyMap<string, TreeFile>,
    problems: Problems,
  ) {
    this.#files = files;
    this.#refused = new Set([...tree.keys()].filter((path) => !files.has(path)));
    this.#problems = problems;
    this.#skills = groupSkills([...files.keys()]);
  }

  /** A text file below the desired-state folder. Null, with a problem, when it cannot be had. */
  text(path: string, place: Place): (FileText & { readonly path: string }) | null {
    const normal = this.#normalise(path, place);
    if (normal === null) return null;
    const file = this.#files.get(normal);
    if (file === undefined) {
      // A link or an oversized file was reported at its own place.
      if (!this.#refused.has(normal)) this.#reportMissing(normal, place);
      return null;
    }
    if (decodeUtf8(file.bytes) === null) {
      this.#problems.error({
        code: 'not-utf8',
        message: `${quote(normal)} is not UTF-8`,
        hint: 'save it as UTF-8',
        ...place,
      });
      return null;
    }
    return { path: normal, digest: this.#keep(normal, file.bytes) };
  }

  /** Like `text`, of a Dockerfile that bb can add to, with the files beside it that it takes in. */
  dockerfile(path: string, place: Place): DockerfileSource | null {
    const text = this.text(path, place);
    const bytes = text === null ? undefined : this.contents.get(text.digest);
    if (text === null || bytes === undefined) return null;
    const known = this.#dockerfiles.get(text.path);
    if (known !== undefined) return known;
    const read = this.#readDockerfile(text, new TextDecoder().decode(bytes));
    this.#dockerfiles.set(text.path, read);
    return read;
  }

  #readDockerfile(
    { path, digest }: FileText & { readonly path: string },
    text: string,
  ): DockerfileSource | null {
    const line = otherEnding(readInstructions(text));
    if (line !== null) {
      const message = `it ${OTHER_ENDING}`;
      const at = { line, column: 1 };
      this.#problems.error({
        code: 'invalid-value',
        message,
        hint: WITHOUT_ENDING,
        file: path,
        at,
      });
      return null;
    }
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const beside = [...this.#files.keys()]
      .filter((other) => other.startsWith(folder) && !other.endsWith('.Dockerfile'))
      .map((other) => other.slice(folder.length));
    const ignoring = this.#ignoring(path, folder);
    const { paths, missing } = contextFiles(
      text,
      beside.filter((other) => ignoring?.ignores(other) !== true),
    );
    const absent = new Set(contextFiles(text, beside).missing.map(({ source }) => source));
    for (const { line, source } of missing) {
      const place = { file: path, at: { line, column: 1 } };
      if (absent.has(source)) this.#reportMissing(`${folder}${source}`, place);
      else this.#reportIgnored(source, ignoring?.path ?? '', place);
    }
    return { kind: 'dockerfile', path, digest, context: this.#included(folder, paths) };
  }

  /** What leaves files out of the context of this Dockerfile: one of its own before that of the folder. */
  #ignoring(dockerfile: string, folder: string) {
    const path = [`${dockerfile}.dockerignore`, `${folder}.dockerignore`].find((each) =>
      this.#files.has(each),
    );
    if (path === undefined) return null;
    const { ignores, wrong } = readIgnoreFile(
      new TextDecoder().decode(this.#files.get(path)?.bytes),
    );
    for (const { line, why } of wrong) {
      this.#problems.error({
        code: 'invalid-value',
        message: `it is no pattern: ${why}`,
        hint: 'patterns are those of docker build',
        ...{ file: path, at: { line, column: 1 } },
      });
    }
    return { path, ignores };
  }

  #reportIgnored(source: string, ignoring: string, place: Place): void {
    this.#problems.error({
      code: 'missing-file',
      message: `${quote(source)} is left out of the build by ${ignoring}`,
      hint: `take it in again with a line "!${source}" at its end`,
      ...place,
    });
  }

  #included(folder: string, paths: readonly string[]): readonly IncludedFile[] {
    return paths.flatMap((path): readonly IncludedFile[] => {
      const file = this.#files.get(`${folder}${path}`);
      if (file === undefined) return [];
      const digest = this.#keep(`${folder}${path}`, file.bytes);
      return [{ path, executable: file.mode === '100755', digest }];
    });
  }

  /** A text that is written in the YAML itself. */
  inline(text: string): FileText {
    const bytes = new TextEncoder().encode(text);
    const digest = sha256(bytes);
    this.contents.set(digest, bytes);
    return { path: null, digest };
  }

  /** All files of `skills/<name>/`. Null, with a problem, when there is no such skill. */
  skill(name: string, place: Place): readonly IncludedFile[] | null {
    const known = this.#skillFiles.get(name);
    if (known !== undefined) return known;
    const folder = `skills/${name}/`;
    const paths = this.#skills.get(name);
    if (paths === undefined) {
      const meant = didYouMean(name, this.#skills.keys());
      const hint = meant === undefined ? `write ${folder}SKILL.md` : `did you mean "${meant}"?`;
      this.#problems.error({
        code: 'unknown-reference',
        message: `there is no skill ${quote(name)}`,
        hint,
        ...place,
      });
      return null;
    }
    if (!this.#files.has(`${folder}SKILL.md`) && !this.#refused.has(`${folder}SKILL.md`)) {
      this.#reportMissing(`${folder}SKILL.md`, place);
    }
    const files = this.#included(
      folder,
      paths.map((path) => path.slice(folder.length)),
    );
    this.#skillFiles.set(name, files);
    return files;
  }

  #keep(path: string, bytes: Uint8Array): Fingerprint {
    const digest = this.#digests.get(path) ?? sha256(bytes);
    this.#digests.set(path, digest);
    this.contents.set(digest, bytes);
    return digest;
  }

  #normalise(path: string, place: Place): string | null {
    const steps = path.split('/').filter((step) => step !== '.' && step !== '');
    const isOutside =
      path.startsWith('/') || path.includes('\\') || path.includes('\0') || steps.includes('..');
    if (!isOutside) return steps.join('/');
    const message = `${quote(path)} leads out of the desired-state folder`;
    this.#problems.error({
      code: 'path-traversal',
      message,
      hint: 'files are read from the commit, below this folder',
      ...place,
    });
    return null;
  }

  #reportMissing(path: string, place: Place): void {
    const meant = didYouMean(path, this.#files.keys());
    const hint = meant === undefined ? 'commit it' : `did you mean "${meant}"?`;
    this.#problems.error({
      code: 'missing-file',
      message: `there is no file ${quote(path)} in the commit`,
      hint,
      ...place,
    });
  }
}

function groupSkills(paths: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const skills = new Map<string, string[]>();
  for (const path of paths) {
    const [folder, name, ...rest] = path.split('/');
    if (folder !== 'skills' || name === undefined || rest.length === 0) continue;
    const known = skills.get(name);
    if (known === undefined) skills.set(name, [path]);
    else known.push(path);
  }
  return skills;
}
