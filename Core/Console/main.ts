import { Command, CommanderError } from 'commander'
import { EXIT } from '../Handler'
import { addAuth } from './auth'
import { addCall } from './call'
import { addStart } from './start'

/** Runs the command that `argv` asks for, and ends the process with 0 (done) or 1 (failed). */
export async function main(argv: readonly string[]): Promise<void> {
  process.setSourceMapsEnabled(true) // a Config/app.ts that fails is named by its own lines
  const program = new Command('console')
    .description('Starts and commands an mswoole-ts server. Run it in the folder of the project.')
    .exitOverride()
    .showHelpAfterError('(--help tells what there is)')
  addStart(program)
  addAuth(program)
  addCall(program)
  try {
    await program.parseAsync(argv)
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? EXIT.done : EXIT.failed)
    console.error(error instanceof Error ? error.message : error)
    process.exit(EXIT.failed)
  }
}
