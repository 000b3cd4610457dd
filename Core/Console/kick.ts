import { type Command, InvalidArgumentError } from 'commander'
import { isFd } from '../Record/Keys'
import { addManagerOptions, command } from './manager'
import { presentProject } from './project'
import { addWhomOptions, splitWhom, type WhomOptions } from './whom'

export function addKick(program: Command): void {
  addManagerOptions(addWhomOptions(program.command('kick')))
    .description('close connections, on whatever machine they are (close code 4403); prints how many')
    .argument('[fd]', 'the fd of one connection', readFd)
    .addHelpText(
      'after',
      `
What was sent to them before still arrives. A client that is kicked may come back: the auth string decides that.
Examples: console kick 4294967297
          console kick --user 42`,
    )
    .action((fd: number | undefined, options: WhomOptions) => kick(fd, options))
}

function readFd(text: string): number {
  const fd = Number(text)
  if (isFd(fd)) return fd
  throw new InvalidArgumentError('It is the number of a connection.')
}

/** @throws Error when it is not said whom, or it could not be done */
async function kick(fd: number | undefined, options: WhomOptions): Promise<void> {
  const { whom, rest } = splitWhom(options)
  const named = Object.keys(whom).length > 0
  if (named === (fd !== undefined)) throw new Error('say whom: an fd, --user or --group, one of them')
  const one = fd === undefined ? whom : { fd }
  console.log((await command(presentProject(), rest, { method: 'kick', ...one })).message)
}
