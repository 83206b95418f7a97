/** `npm test`: installs what is missing, then runs `test.ts`. */
import { installDependencies, runScript } from './install.mjs';

installDependencies();
runScript('test.ts', process.argv.slice(2));
