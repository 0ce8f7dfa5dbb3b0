import { dockerClients } from './client-place.ts';
import { clientSuite } from './client-suite.ts';

clientSuite(await dockerClients());
