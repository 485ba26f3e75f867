// Compiled by Renode together with McuAgent.cs: writes, pins and flash operations, noted with their instruction.
namespace Antmicro.Renode.Mcu
{
    using System;
    using System.Collections.Generic;
    using System.Globalization;
    using System.IO;

    using Antmicro.Renode.Core;
    using Antmicro.Renode.Exceptions;
    using Antmicro.Renode.Peripherals;
    using Antmicro.Renode.Peripherals.Bus;
    using Antmicro.Renode.Peripherals.CPU;

    public partial class McuAgent
    {
        // Notes writes that touch the bytes from an address on. Renode looks at the first byte of an access only. A write that touches
        // several ranges is noted once, by the first of them.
        public void Watch(ulong address, int bytes)
        {
            var bus = cpu.GetMachine().SystemBus;
            var own = ranges.Count;
            ranges.Add(new KeyValuePair<ulong, ulong>(address, address + (ulong)bytes));
            BusHookDelegate hook = (_, at, width, value) =>
            {
                if(ranges.FindIndex(range => at < range.Value && at + (ulong)width > range.Key) == own)
                {
                    Note("write {0:x} {1} {2:x}", at, (int)width, value);
                }
            };
            for(var at = address - Math.Min(address, WidestAccess - 1); at < address + (ulong)bytes; at++)
            {
                var first = at;
                Install(() => bus.AddWatchpointHook(first, AnyWidth, Access.Write, hook), () => bus.RemoveWatchpointHook(first, hook));
            }
            // A reset processor writes to memory past the bus again; any change of the hooks is told to it for all of them.
            var last = hooks[hooks.Count - 1];
            if(!watching)
            {
                watching = true;
                cpu.GetMachine().MachineReset += _ =>
                {
                    last.Value();
                    last.Key();
                };
            }
        }

        // Notes changes of a controller's outputs; gives how many pins it has, 0 where there is none.
        public int WatchPins(ulong controller)
        {
            var port = Port(controller);
            if(port != null)
            {
                foreach(var connection in port.Connections)
                {
                    var number = connection.Key;
                    var pin = connection.Value as IGPIOWithHooks;
                    if(pin != null)
                    {
                        Action<bool> hook = level => Note("pin {0:x} {1} {2}", controller, number, level ? 1 : 0);
                        Install(() => pin.AddStateChangedHook(hook), () => pin.RemoveStateChangedHook(hook));
                    }
                }
            }
            return Pins(controller);
        }

        public int Pins(ulong controller)
        {
            return Port(controller)?.Connections.Count ?? 0;
        }

        public void SetPin(ulong controller, int pin, int level)
        {
            driving = true;
            try
            {
                ((IGPIOReceiver)Port(controller)).OnGPIO(pin, level != 0);
            }
            catch(Exception e) when(!(e is RecoverableException))
            {
                throw new RecoverableException("The controller fails: " + e.Message);
            }
            finally
            {
                driving = false;
            }
        }

        // Notes operations of a flash that tells them, as McuNorFlash does; gives whether there is one.
        public bool WatchFlash(ulong address)
        {
            var flash = cpu.GetMachine().SystemBus.WhatPeripheralIsAt(address);
            var operated = flash?.GetType().GetEvent("Operated");
            if(operated == null)
            {
                return false;
            }
            Action<bool, long, int, int> hook = (erases, offset, bytes, done) => Note("flash {0:x} {1} {2:x} {3} {4}", address, erases ? 1 : 0, offset, bytes, done);
            Install(() => operated.AddEventHandler(flash, hook), () => operated.RemoveEventHandler(flash, hook));
            return true;
        }

        // Moves what was noted to the end of a file, one event a line; gives how many.
        public int Events(string path)
        {
            lock(noted)
            {
                var count = noted.Count;
                File.AppendAllLines(path, noted);
                noted.Clear();
                return count;
            }
        }

        private INumberedGPIOOutput Port(ulong address)
        {
            var peripheral = cpu.GetMachine().SystemBus.WhatPeripheralIsAt(address);
            return peripheral is IGPIOReceiver ? peripheral as INumberedGPIOOutput : null;
        }

        private void Install(Action add, Action remove)
        {
            if(hooks.Count == 0)
            {
                cpu.MaximumBlockSize = 1; // within a block instructions are not counted yet
            }
            hooks.Add(new KeyValuePair<Action, Action>(add, remove));
            add();
        }

        // The instruction that does it is counted behind it.
        private void Note(string format, params object[] values)
        {
            lock(noted)
            {
                noted.Add((cpu.ExecutedInstructions + (driving ? 0u : 1u)).ToString(CultureInfo.InvariantCulture) + " " + string.Format(CultureInfo.InvariantCulture, format, values));
            }
        }

        private bool driving;
        private bool watching;

        private const ulong WidestAccess = 8;
        private const SysbusAccessWidth AnyWidth = (SysbusAccessWidth)15;

        private readonly List<KeyValuePair<ulong, ulong>> ranges = new List<KeyValuePair<ulong, ulong>>();
        private readonly List<KeyValuePair<Action, Action>> hooks = new List<KeyValuePair<Action, Action>>();
        private readonly List<string> noted = new List<string>();
    }
}
