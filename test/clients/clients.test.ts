import { embeddedClients } from './client-place.ts';
import { clientSuite } from './client-suite.ts';

clientSuite(await embeddedClients());
