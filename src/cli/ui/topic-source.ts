import type { Answer, ControllerApi } from '../../controller/api.ts';
import { assertNever } from '../../model/assert-never.ts';
import { formatDecision } from '../format-audit.ts';
import { formatChange } from '../format-change.ts';
import { formatEvent } from '../format-event.ts';
import { formatDiff } from '../format-review.ts';
import type { Topic } from './viewer-state.ts';

const LOG_TAIL = 200;
const EVENT_COUNT = 500;

type Take = (lines: readonly string[], isWhole: boolean) => void;

/** Reads the text of `topic`; logs go on until `signal` aborts. Lines are as they came: whoever shows them sanitises. */
export async function readTopic(
  api: ControllerApi,
  topic: Topic,
  take: Take,
  signal: AbortSignal,
): Promise<Answer<null>> {
  switch (topic.kind) {
    case 'logs': {
      const { bottle, component } = topic;
      take([], true);
      const options = { follow: true, tail: LOG_TAIL };
      return api.logs(bottle, component, options, inBatches(take), signal);
    }
    case 'diff': {
      const answer = await api.plan({});
      if (!answer.ok) return answer;
      take(diffOf(topic.bottle, answer.value.plan), true);
      return { ok: true, value: null };
    }
    case 'events': {
      const answer = await api.events({ limit: EVENT_COUNT });
      if (!answer.ok) return answer;
      take(
        answer.value.map((event) => formatEvent(event, plain)),
        true,
      );
      return { ok: true, value: null };
    }
    case 'commit': {
      const answer = await api.decision(topic.revision);
      if (!answer.ok) return answer;
      const { entry, diff } = answer.value;
      take([...formatDecision(entry, plain), '', ...formatDiff(diff, plain)], true);
      return { ok: true, value: null };
    }
    default:
      return assertNever(topic);
  }
}

/** What came in one turn of the event loop is drawn once. */
function inBatches(take: Take): (line: string) => void {
  let batch: string[] = [];
  return (line) => {
    batch.push(line);
    if (batch.length > 1) return;
    setImmediate(() => {
      const lines = batch;
      batch = [];
      take(lines, false);
    });
  };
}

function diffOf(
  name: string,
  plan: Extract<Awaited<ReturnType<ControllerApi['plan']>>, { ok: true }>['value']['plan'],
): readonly string[] {
  const bottle = plan.bottles.find((each) => each.bottle === name);
  if (bottle === undefined) return [`there is no bottle ${name} any more`];
  const { verdict, changes, pending } = bottle;
  return [
    changes.length === 0 ? `${verdict}, no difference` : verdict,
    ...changes.flatMap((change) => formatChange(change, plain)),
    ...(pending === null ? [] : [`waits: ${pending}`]),
  ];
}

function plain(_style: unknown, text: string): string {
  return text;
}
