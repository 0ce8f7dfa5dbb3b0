import { useApp, useInput, useWindowSize } from 'ink';
import { useEffect, useSyncExternalStore } from 'react';
import { Screen } from './components/screen.tsx';
import { keyNames } from './key-name.ts';
import { intentOf, type Mode, modeOf } from './keymap.ts';
import { screenView } from './view-model.ts';
import type { Viewer } from './viewer.ts';

/** Lends the terminal to a program; set by the mounted application. */
export interface TerminalLease {
  suspend: ((run: () => Promise<void>) => Promise<void>) | null;
}

/** The screen of a viewer: draws its state, turns keys into intents. */
export function App({ viewer, lease }: { readonly viewer: Viewer; readonly lease: TerminalLease }) {
  const state = useSyncExternalStore(viewer.subscribe, viewer.state);
  const { exit, suspendTerminal } = useApp();
  const { columns, rows } = useWindowSize();

  useEffect(() => {
    viewer.dispatch({ kind: 'resized', size: { columns, rows } });
  }, [viewer, columns, rows]);

  useEffect(() => {
    lease.suspend = (run) => suspendTerminal(run);
    const onLeft = () => exit();
    if (viewer.left.aborted) onLeft();
    viewer.left.addEventListener('abort', onLeft);
    return () => viewer.left.removeEventListener('abort', onLeft);
  }, [viewer, lease, exit, suspendTerminal]);

  useInput((input, key) => {
    for (const name of keyNames(input, key)) pressed(viewer, name);
  });

  return <Screen view={screenView(state)} />;
}

function pressed(viewer: Viewer, key: string): void {
  const mode = modeOf(viewer.state());
  const intent = intentOf(mode, key);
  if (intent !== undefined) viewer.dispatch({ kind: 'intent', intent });
  else if (!isTyping(mode)) return;
  else if (key === 'backspace') viewer.dispatch({ kind: 'erased' });
  else if (isText(key)) viewer.dispatch({ kind: 'typed', text: key });
}

function isTyping(mode: Mode): boolean {
  return mode === 'text' || mode === 'pick';
}

/** A single character that is not a control character; named keys have longer names. */
function isText(key: string): boolean {
  return Array.from(key).length === 1 && !/\p{Cc}/u.test(key);
}
