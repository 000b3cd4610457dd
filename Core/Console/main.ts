import { Command, CommanderError } from 'commander'
import { EXIT } from '../Handler'
import { addAuth } from './auth'
import { addCall } from './call'
import { addDemo } from './demo'
import { addDev } from './dev'
import { addDoctor } from './doctor'
import { addKick } from './kick'
import { addLogs } from './logs'
import { addMigrate } from './migrate'
import { isMswoole, runMswoole } from './mswoole'
import { addReload } from './reload'
import { addRestart } from './restart'
import { addRoutes } from './routes'
import { addSay } from './say'
import { addStart } from './start'
import { addStatus } from './status'
import { addStop } from './stop'

/** Runs the command that `argv` asks for, and ends the process with 0 (done), 1 (failed) or 3 (`status`: no server runs). */
export async function main(argv: readonly string[]): Promise<void> {
  process.setSourceMapsEnabled(true) // a Config/app.ts that fails is named by its own lines
  const program = new Command('console')
    .description('Starts and commands an mswoole-ts server. Run it in the folder of the project.')
    .addHelpText(
      'after',
      `
console <command> --help tells more of each. Exit codes: 0 done, 1 failed, 3 no server runs (status).
APP_RUNTIME names the folder of the server that is meant, if it is not Runtime/ here; --host, --port and APP_MANAGER_TOKEN
name one elsewhere. MSwoole's own form: console -s start|stop|reload|status|say [-h host] [-p port] [-i text]`,
    )
    .exitOverride()
    .showHelpAfterError('(--help tells what there is)')
  addStart(program)
  addStop(program)
  addReload(program)
  addRestart(program)
  addStatus(program)
  addSay(program)
  addKick(program)
  addDev(program)
  addLogs(program)
  addDoctor(program)
  addMigrate(program)
  addRoutes(program)
  addAuth(program)
  addCall(program)
  addDemo(program)
  try {
    const args = argv.slice(2)
    if (isMswoole(args)) await runMswoole(args)
    else await program.parseAsync(argv)
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? EXIT.done : EXIT.failed)
    console.error(error instanceof Error ? error.message : error)
    process.exit(EXIT.failed)
  }
}
