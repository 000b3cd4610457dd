#!/usr/bin/env node
import { main } from '../Core/Console/main'

main(process.argv)
