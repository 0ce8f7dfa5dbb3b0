import { Text } from 'ink';
import type { ComponentProps } from 'react';
import type { Line, Tone } from '../line.ts';

type Look = Pick<ComponentProps<typeof Text>, 'color' | 'bold' | 'dimColor' | 'inverse'>;

const LOOKS: { readonly [tone in Tone]: Look } = {
  plain: {},
  dim: { dimColor: true },
  strong: { bold: true },
  good: { color: 'green' },
  busy: { color: 'cyan' },
  attention: { color: 'yellow', bold: true },
  bad: { color: 'red', bold: true },
  selected: { inverse: true },
  fresh: { color: 'green', bold: true },
};

/** One line of the screen; an empty one keeps its height. Spans have no identity but their place. */
export function TextLine({ line }: { readonly line: Line }) {
  if (line.length === 0) return <Text> </Text>;
  const spans = line.map((span, place) => ({ ...span, key: `span ${place}` }));
  return (
    <Text wrap="truncate-end">
      {spans.map(({ text, tone, key }) => (
        <Text key={key} {...LOOKS[tone]}>
          {text}
        </Text>
      ))}
    </Text>
  );
}
