import { suiteCommand } from './engine/suite-command.ts';

await suiteCommand('escape');
