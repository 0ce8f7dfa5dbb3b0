import { Box } from 'ink';
import type { Line } from '../line.ts';
import type { ScreenView } from '../view-model.ts';
import { TextLine } from './text-line.tsx';

/** A frame, top to bottom. */
export function Screen({ view }: { readonly view: ScreenView }) {
  return (
    <Box flexDirection="column">
      <Lines lines={view.header} />
      <Lines lines={view.body} />
      <TextLine line={view.status} />
      <TextLine line={view.footer} />
    </Box>
  );
}

/** Lines have no identity but their place. */
function Lines({ lines }: { readonly lines: readonly Line[] }) {
  return lines
    .map((line, place) => ({ line, key: `line ${place}` }))
    .map(({ line, key }) => <TextLine key={key} line={line} />);
}
