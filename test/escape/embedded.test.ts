import { embeddedPlace } from './embedded-place.ts';
import { escapeSuite } from './escape-suite.ts';

escapeSuite(await embeddedPlace());
