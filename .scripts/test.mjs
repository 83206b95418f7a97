/** `npm test`: installs missing dependencies, then runs `test.ts`. */
import { installDependencies, runScript } from './install.mjs';

installDependencies();
runScript('test.ts', process.argv.slice(2));
