import { dockerPlace } from './docker-place.ts';
import { escapeSuite } from './escape-suite.ts';

escapeSuite(await dockerPlace());
