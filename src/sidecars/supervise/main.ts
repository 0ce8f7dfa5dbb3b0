import { EGRESS_PORT, SUPERVISE_PORT } from '../../model/sidecar.ts';
import { diskQueueFiles } from '../../supervise/disk-queue-files.ts';
import { writeStatus } from '../atomic-file.ts';
import { InputFolder } from '../input-folder.ts';
import { jsonLog } from '../json-log.ts';
import { sidecarFolders } from '../sidecar-root.ts';
import { egressTable } from './egress-table.ts';
import { Supervisor } from './supervisor.ts';
import { systemClock, systemRandom } from './system-ports.ts';

const folders = sidecarFolders(process.env);
const {
  BB_SUPERVISE_ADDRESS: host = '0.0.0.0',
  BB_SUPERVISE_PORT: port = String(SUPERVISE_PORT),
  BB_EGRESS_PORT: egressPort = String(EGRESS_PORT),
} = process.env;

const supervisor = new Supervisor(
  {
    files: diskQueueFiles,
    clock: systemClock,
    random: systemRandom,
    egress: egressTable(Number(egressPort)),
    log: jsonLog('supervise'),
    report: (status) => writeStatus(folders.superviseOut, status),
  },
  { queueFolder: folders.queue, host, port: Number(port) },
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
