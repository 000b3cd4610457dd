import { Command, CommanderError } from 'commander'
import { EXIT } from '../Handler'
import { addAuth } from './auth'
import { addCall } from './call'
import { isMswoole, runMswoole } from './mswoole'
import { addReload } from './reload'
import { addRestart } from './restart'
import { addSay } from './say'
import { addStart } from './start'
import { addStatus } from './status'
import { addStop } from './stop'

/** Runs the command that `argv` asks for, and ends the process with 0 (done), 1 (failed) or 3 (`status`: no server runs). */
export async function main(argv: readonly string[]): Promise<void> {
  process.setSourceMapsEnabled(true) // a Config/app.ts that fails is named by its own lines
  const program = new Command('console')
    .description('Starts and commands an mswoole-ts server. Run it in the folder of the project.')
    .exitOverride()
    .showHelpAfterError('(--help tells what there is)')
  addStart(program)
  addStop(program)
  addReload(program)
  addRestart(program)
  addStatus(program)
  addSay(program)
  addAuth(program)
  addCall(program)
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
