import {
  addInstance,
  removeInstance,
  setFleetSuspend,
  setInstanceSuspend,
  UneditableText,
} from '../desired/edit.ts';
import { instanceFiles } from '../desired/instance-files.ts';
import type { TreeFile } from '../desired/tree-file.ts';
import { assertNever } from '../model/assert-never.ts';
import type { Random } from '../model/clock.ts';
import type { DesiredState } from '../model/desired-state.ts';
import { didYouMean } from '../model/did-you-mean.ts';
import type { FleetEdit } from '../model/fleet-edit.ts';
import { type BottleName, parseBottleName, type Revision } from '../model/names.ts';
import type { Answer } from './api.ts';

/** An edit that needs no more than the files of the tip. */
type FileEdit = Exclude<FleetEdit, { readonly kind: 'rollback' | 'restore' }>;

/** The files that an operator's edit changes, relative to the desired-state folder, and what to call it. */
export interface EditedFiles {
  readonly changes: ReadonlyMap<string, string | null>;
  readonly subject: string;
  /** Value of the trailer `Bb-Action`. */
  readonly action: string;
  /** Slug that it is about, or null for the fleet. */
  readonly bottle: string | null;
  /** Commit that it takes back. */
  readonly reverts?: Revision;
  /** Commit whose files it brings back. */
  readonly restores?: Revision;
}

/** Computes an operator's edit on the files of one commit. Pure but for the randomness of a minted name. */
export function editFiles(
  edit: FileEdit,
  files: ReadonlyMap<string, TreeFile>,
  desired: DesiredState,
  random: Random,
): Answer<EditedFiles> {
  try {
    return computeEdit(edit, files, desired, random);
  } catch (error) {
    if (!(error instanceof UneditableText)) throw error;
    return refused(
      'conflict',
      `the file cannot be edited: ${error.message}`,
      'edit it by hand and commit',
    );
  }
}

function computeEdit(
  edit: FileEdit,
  files: ReadonlyMap<string, TreeFile>,
  desired: DesiredState,
  random: Random,
): Answer<EditedFiles> {
  switch (edit.kind) {
    case 'suspend-fleet': {
      const text = textOf(files, 'fleet.yaml') ?? '';
      const verb = edit.suspend ? 'Suspend' : 'Resume';
      return edited(new Map([['fleet.yaml', setFleetSuspend(text, edit.suspend)]]), {
        subject: `${verb} fleet ${desired.fleet.name}`,
        action: edit.suspend ? 'suspend' : 'unsuspend',
        bottle: null,
      });
    }
    case 'suspend-instance': {
      const found = instanceOf(edit.bottle, desired);
      if (!found.ok) return found;
      const text = textOf(files, found.value.path) ?? '';
      const verb = edit.suspend ? 'Suspend' : 'Resume';
      return edited(
        new Map([[found.value.path, setInstanceSuspend(text, edit.bottle, edit.suspend)]]),
        {
          subject: `${verb} bottle ${edit.bottle}`,
          action: edit.suspend ? 'suspend' : 'unsuspend',
          bottle: edit.bottle,
        },
      );
    }
    case 'remove-instance': {
      const found = instanceOf(edit.bottle, desired);
      if (!found.ok) return found;
      const text = textOf(files, found.value.path) ?? '';
      const changes = new Map<string, string | null>([
        [found.value.path, removeInstance(text, edit.bottle)],
      ]);
      for (const path of Object.values(instanceFiles(found.value.slug))) {
        if (files.has(path)) changes.set(path, null);
      }
      const subject = `Stop bottle ${edit.bottle}`;
      return edited(changes, { subject, action: 'stop', bottle: edit.bottle });
    }
    case 'add-instance':
      return addedInstance(edit, files, desired, random);
    default:
      return assertNever(edit);
  }
}

function addedInstance(
  edit: Extract<FleetEdit, { kind: 'add-instance' }>,
  files: ReadonlyMap<string, TreeFile>,
  desired: DesiredState,
  random: Random,
): Answer<EditedFiles> {
  const path = `agents/${edit.agent}.yaml`;
  const text = textOf(files, path);
  if (text === null) {
    const agents = [...files.keys()].flatMap(
      (file) => /^agents\/(.+)\.yaml$/.exec(file)?.[1] ?? [],
    );
    return notFound(`there is no agent ${edit.agent}`, edit.agent, agents);
  }
  const name = edit.bottle ?? `${edit.agent}-${mintSuffix(random)}`;
  const slug = parseBottleName(name);
  if (slug === undefined) {
    return refused('bad-request', `${name} is not a bottle name`, 'use a-z, 0-9 and -, at most 48');
  }
  if (desired.bottles[slug] !== undefined) {
    return refused('conflict', `bottle ${slug} exists already`, `bb attach ${slug} opens it`);
  }
  const instance = edit.label === null ? { name: slug } : { name: slug, label: edit.label };
  return edited(new Map([[path, addInstance(text, edit.agent, instance)]]), {
    subject: `Start bottle ${slug}`,
    action: 'start',
    bottle: slug,
  });
}

function instanceOf(
  bottle: string,
  desired: DesiredState,
): Answer<{ readonly slug: BottleName; readonly path: string }> {
  const slug = parseBottleName(bottle);
  const found = slug === undefined ? undefined : desired.bottles[slug];
  if (slug !== undefined && found !== undefined) {
    return { ok: true, value: { slug, path: `agents/${found.agent}.yaml` } };
  }
  return notFound(`there is no bottle ${bottle}`, bottle, Object.keys(desired.bottles));
}

function mintSuffix(random: Random): string {
  return Array.from({ length: 5 }, () => Math.floor(random.next() * 36).toString(36)).join('');
}

function textOf(files: ReadonlyMap<string, TreeFile>, path: string): string | null {
  const file = files.get(path);
  return file === undefined ? null : new TextDecoder().decode(file.bytes);
}

function edited(
  changes: ReadonlyMap<string, string | null>,
  words: Omit<EditedFiles, 'changes'>,
): Answer<EditedFiles> {
  return { ok: true, value: { changes, ...words } };
}

function notFound(message: string, asked: string, known: readonly string[]): Answer<never> {
  const near = didYouMean(asked, known);
  const hint = near === undefined ? 'bb list tells what there is' : `did you mean "${near}"?`;
  return refused('not-found', message, hint);
}

function refused(
  kind: 'not-found' | 'bad-request' | 'conflict',
  message: string,
  hint: string,
): Answer<never> {
  return { ok: false, refusal: { kind, message, hint, diagnostics: [] } };
}
