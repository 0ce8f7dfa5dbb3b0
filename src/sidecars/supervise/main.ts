import { SUPERVISE_PORT } from '../../model/sidecar.ts';
import { diskQueueFiles } from '../../supervise/disk-queue-files.ts';
import { InputFolder } from '../input-folder.ts';
import { jsonLog } from '../json-log.ts';
import { listenEndpoint } from '../listen-endpoint.ts';
import { sidecarFolders } from '../sidecar-root.ts';
import { StatusReport } from '../status-report.ts';
import { egressTable } from './egress-table.ts';
import { Supervisor } from './supervisor.ts';
import { systemClock, systemRandom } from './system-ports.ts';

// The supervise sidecar: `BB_SIDECAR_ROOT` moves its folders, `BB_SUPERVISE_LISTEN` (`host:port` or `fd:<n>`) its
// listener; port 0 takes a free one and says so in the status.

const folders = sidecarFolders(process.env);
const log = jsonLog('supervise');
const status = new StatusReport(folders.superviseOut, (cause) => log('not reported', { cause }));

const supervisor = new Supervisor(
  {
    files: diskQueueFiles,
    clock: systemClock,
    random: systemRandom,
    egress: egressTable(folders.egressOut),
    log,
    report: (now) => status.tell(now),
  },
  {
    queueFolder: folders.queue,
    endpoint: listenEndpoint(process.env['BB_SUPERVISE_LISTEN'], SUPERVISE_PORT),
  },
);

const input = new InputFolder({
  folder: folders.superviseIn,
  onGeneration: (read) => {
    try {
      supervisor.load(read('settings.json'));
    } catch (error) {
      supervisor.refuse(`settings.json cannot be read: ${String(error)}`);
    }
  },
});
input.start();

const stop = () => {
  input.stop();
  supervisor.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
// A reload hint from PID 1, never a reason to end.
process.on('SIGHUP', () => input.check());
