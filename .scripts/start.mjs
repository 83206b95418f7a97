/** `npm start`: installs missing dependencies, then runs `start.ts`. */
import { installDependencies, runScript } from './install.mjs';

installDependencies();
runScript('start.ts', process.argv.slice(2));
