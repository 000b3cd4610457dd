import { Command, CommanderError } from 'commander'
import { EXIT } from '../Handler'

/** Adds itself to the program. */
type Add = (program: Command) => void

/** By name, in the order of the help. Each is loaded when it is asked for: most need little, and people wait for it. */
const COMMANDS: Readonly<Record<string, () => Promise<Add>>> = {
  start: async () => (await import('./start.js')).addStart,
  stop: async () => (await import('./stop.js')).addStop,
  reload: async () => (await import('./reload.js')).addReload,
  restart: async () => (await import('./restart.js')).addRestart,
  status: async () => (await import('./status.js')).addStatus,
  say: async () => (await import('./say.js')).addSay,
  kick: async () => (await import('./kick.js')).addKick,
  dev: async () => (await import('./dev.js')).addDev,
  logs: async () => (await import('./logs.js')).addLogs,
  doctor: async () => (await import('./doctor.js')).addDoctor,
  migrate: async () => (await import('./migrate.js')).addMigrate,
  routes: async () => (await import('./routes.js')).addRoutes,
  auth: async () => (await import('./auth.js')).addAuth,
  call: async () => (await import('./call.js')).addCall,
  demo: async () => (await import('./demo.js')).addDemo,
}

/** MSwoole's own form: `-s start -h 127.0.0.1 -p 20001 -i text`. */
const isMswoole = ([first = '']: readonly string[]) => /^-[shpi]/.test(first) && first !== '-h'

/** Runs the command that `argv` asks for, and ends the process with 0 (done), 1 (failed) or 3 (`status`: no server runs). */
export async function main(argv: readonly string[]): Promise<void> {
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
  try {
    const args = argv.slice(2)
    if (isMswoole(args)) return await (await import('./mswoole.js')).runMswoole(args)
    const [name = ''] = args
    // For the help, and for a name that is none, it takes all of them.
    const wanted = Object.hasOwn(COMMANDS, name) ? [COMMANDS[name]] : Object.values(COMMANDS)
    for (const load of wanted) (await load?.())?.(program)
    await program.parseAsync(argv)
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? EXIT.done : EXIT.failed)
    console.error(error instanceof Error ? error.message : error)
    process.exit(EXIT.failed)
  }
}
