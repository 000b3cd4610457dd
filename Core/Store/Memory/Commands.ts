import type { Command, Commands } from './Command'
import { expiryCommands } from './Commands/Expiry'
import { hashCommands } from './Commands/Hashes'
import { keyCommands } from './Commands/Keys'
import { listCommands } from './Commands/Lists'
import { pubSubCommands } from './Commands/PubSub'
import { scriptCommands } from './Commands/Scripts'
import { serverCommands } from './Commands/Server'
import { setCommands } from './Commands/Sets'
import { sortedSetCommands } from './Commands/SortedSets'
import { stringCommands } from './Commands/Strings'
import { transactionCommands } from './Commands/Transactions'

export const allCommands: Commands = new Map<string, Command>(
  [
    serverCommands,
    keyCommands,
    expiryCommands,
    stringCommands,
    hashCommands,
    setCommands,
    sortedSetCommands,
    listCommands,
    pubSubCommands,
    transactionCommands,
    scriptCommands,
  ].flatMap((table) => Object.entries(table)),
)
