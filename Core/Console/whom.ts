import { type Command, Option } from 'commander'
import { UIDTOFD_TYPE } from '../Record/Keys'
import type { ManagerOptions } from './manager'

/** Which connections a command is for. */
export interface WhomOptions extends ManagerOptions {
  readonly group?: string
  readonly user?: string
  readonly type?: string
}

/** Lets a command say which connections it is for. */
export function addWhomOptions(command: Command): Command {
  return command
    .addOption(new Option('--group <key>', 'the members of a group, or of any Redis set of fds').conflicts('user'))
    .option('--user <id>', 'every connection of a user')
    .option('--type <type>', 'the auth type of that user', UIDTOFD_TYPE)
}

/** The same as the manager port takes it, and what is left. */
export function splitWhom<Options extends WhomOptions>({ group, user, type, ...rest }: Options) {
  const whom = {
    ...(group === undefined ? {} : { group }),
    ...(user === undefined ? {} : { user, type }),
  }
  return { whom, rest }
}
