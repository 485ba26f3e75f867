// Compiled and loaded by Renode at run time: what the monitor alone cannot do for Mcu's harness.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals;
using Antmicro.Renode.Peripherals.Bus;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Peripherals.IRQControllers;
using Antmicro.Renode.Peripherals.UART;
using Antmicro.Renode.Time;

namespace Antmicro.Renode.Mcu
{
    public static class McuAgentExtensions
    {
        public static void CreateMcuAgent(this Emulation emulation, string name)
        {
            emulation.ExternalsManager.AddExternal(new McuAgent(emulation), name);
        }
    }

    public partial class McuAgent : IExternal, IDisposable
    {
        public McuAgent(Emulation emulation)
        {
            this.emulation = emulation;
        }

        public void Dispose()
        {
            semihosting?.Dispose();
            serial?.Dispose();
        }

        // Renode ends when the program that started it has gone.
        public void Lifeline(int port)
        {
            var line = new TcpClient("127.0.0.1", port);
            var watcher = new Thread(() =>
            {
                try
                {
                    while(line.GetStream().ReadByte() >= 0)
                    {
                    }
                }
                catch(IOException)
                {
                }
                // Not Environment.Exit, which waits for processors that may never stop.
                System.Diagnostics.Process.GetCurrentProcess().Kill();
            });
            watcher.IsBackground = true;
            watcher.Start();
        }

        // Writes a platform description that uses another one, by whole path or as Renode finds it, and needs no network.
        public void Board(string path, string folder, string name)
        {
            new McuBoard(folder).Write(path, name);
        }

        public void Attach(CortexM cpu, SemihostingHandler semihosting, NVIC nvic)
        {
            this.cpu = cpu;
            this.semihosting = new McuArmSemihosting(semihosting);
            this.nvic = nvic;
            // An access to nowhere is a bus fault, as on the boards; a Renode that cannot raise it reads 0 and warns.
            if(Enum.TryParse("ThrowException", out UnhandledAccessBehaviour refuse))
            {
                cpu.GetMachine().SystemBus.UnhandledAccessBehaviour = refuse;
            }
            // Renode ignores the firmware's wish to trap divisions by zero where it has this switch.
            typeof(NVIC).GetProperty("FilterCcrDiv0Write")?.SetValue(nvic, false);
        }

        public void AttachRiscV(RiscV32 cpu, string folder, string commandLine, ulong call)
        {
            this.cpu = cpu;
            semihosting = new McuRiscVSemihosting(cpu, folder, commandLine, call);
        }

        // Writes the instructions of every call of one function to a file, one number a line.
        public void Count(string path, ulong start, ulong end)
        {
            cpu.AddHook(start, (_, address) =>
            {
                if(callStart == null)
                {
                    callStart = cpu.ExecutedInstructions;
                }
            });
            cpu.AddHook(end, (_, address) =>
            {
                if(callStart != null)
                {
                    File.AppendAllText(path, (cpu.ExecutedInstructions - callStart.Value).ToString(CultureInfo.InvariantCulture) + "\n");
                    callStart = null;
                }
            });
        }

        // The run stops before the instruction at the address.
        public void Break(ulong address)
        {
            if(breakpoints.Add(address) && hooked.Add(address))
            {
                cpu.AddHook(address, Stop);
            }
        }

        public void Unbreak(ulong address)
        {
            breakpoints.Remove(address);
        }

        // Runs end when the machine's time has passed as many nanoseconds from here; 0 for never.
        public void Deadline(ulong nanoseconds)
        {
            deadline = nanoseconds == 0 ? TimeInterval.Maximal : cpu.GetMachine().LocalTimeSource.ElapsedVirtualTime + TimeInterval.FromNanoseconds(nanoseconds);
        }

        // Runs on; gives: reason, pc, instructions, exit code. A limit of 0 is none; else up to a quantum more is executed.
        public string Run(ulong limit, int milliseconds)
        {
            var machine = cpu.GetMachine();
            var goal = limit == 0 ? ulong.MaxValue : cpu.ExecutedInstructions + limit;
            var over = false;
            hit = null;
            aligned = false;
            resumedFrom = cpu.PC.RawValue;
            resumedAt = cpu.ExecutedInstructions;
            Action watch = () =>
            {
                if((cpu.ExecutedInstructions >= goal || cpu.GetMachine().LocalTimeSource.ElapsedVirtualTime >= deadline) && !over)
                {
                    over = true;
                    machine.PauseAndRequestEmulationPause();
                }
            };
            machine.LocalTimeSource.SinksReportedHook += watch;
            // Starting sleeps for a tenth of a second at its end.
            Task.Run(() => emulation.StartAll());
            while(!emulation.IsStarted && hit == null && !over)
            {
                Thread.Sleep(0);
            }
            // A busy host takes long to start; the time counts from there, or short slices would never get anywhere.
            var end = DateTime.UtcNow.AddMilliseconds(milliseconds);
            while(DateTime.UtcNow < end && hit == null && !over && !Exited && !LockedUp)
            {
                Thread.Sleep(1);
            }
            // A breakpoint pauses by itself, exactly; a second pause at the same time would wait for the first for ever.
            while((hit != null || over) && emulation.IsStarted && DateTime.UtcNow < end.AddSeconds(10))
            {
                Thread.Sleep(1);
            }
            if(hit == null && !over)
            {
                emulation.PauseAll();
            }
            machine.LocalTimeSource.SinksReportedHook -= watch;
            return State(over ? "limit" : "time");
        }

        // Executes exactly as many instructions, as a span of time from the end of a quantum. Where the end of the quantum is farther
        // away, single steps are left, which are slow.
        public string Step(ulong count)
        {
            var goal = cpu.ExecutedInstructions + count;
            stepping = true;
            if(!aligned && count > QuantumInstructions)
            {
                emulation.RunToNearestSyncPoint();
                aligned = true;
            }
            if(aligned && goal > cpu.ExecutedInstructions)
            {
                emulation.RunFor(TimeInterval.FromCPUCycles(goal - cpu.ExecutedInstructions, cpu.PerformanceInMips, out var _));
            }
            if(goal > cpu.ExecutedInstructions && !Exited && !LockedUp)
            {
                aligned = false;
                cpu.Step((int)(goal - cpu.ExecutedInstructions));
                emulation.PauseAll();
                cpu.ExecutionMode = ExecutionMode.Continuous;
            }
            stepping = false;
            return State("limit");
        }

        public string Now()
        {
            return State("now");
        }

        public string Registers()
        {
            var text = new StringBuilder();
            var last = cpu is RiscV32 ? 31 : 15;
            for(var i = 0; i <= last; i++)
            {
                text.AppendFormat(CultureInfo.InvariantCulture, "{0:x} ", cpu.GetRegister(i).RawValue);
            }
            // Behind them stand xPSR and pc.
            return text.AppendFormat(CultureInfo.InvariantCulture, "{0:x}", cpu.GetRegister(cpu is RiscV32 ? 32 : 25).RawValue).ToString();
        }

        public void Save(ulong address, int count, string path)
        {
            var bus = cpu.GetMachine().SystemBus;
            var bytes = new byte[count];
            if(address >= 0xE0000000)
            {
                for(var at = 0; at + 4 <= count; at += 4)
                {
                    BitConverter.GetBytes(bus.ReadDoubleWord(address + (ulong)at, cpu)).CopyTo(bytes, at);
                }
            }
            else
            {
                bytes = bus.ReadBytes(address, count);
            }
            File.WriteAllBytes(path, bytes);
        }

        public void Load(ulong address, string path)
        {
            cpu.GetMachine().SystemBus.WriteBytes(File.ReadAllBytes(path), address);
        }

        // Renode's own snapshot. What belongs to this process is no part of it: this agent and its hooks are taken off and put back,
        // and the firmware's open files as well, of which a list stands beside the snapshot.
        public void Snapshot(string path)
        {
            File.WriteAllLines(path + ".files", semihosting.Files());
            var manager = emulation.ExternalsManager;
            manager.TryGetName(this, out var name);
            semihosting.TakeOff();
            var tags = new McuTags(cpu.GetMachine().SystemBus);
            tags.TakeOff(path);
            foreach(var address in hooked)
            {
                cpu.RemoveHook(address, Stop);
            }
            hooks.ForEach(hook => hook.Value());
            manager.RemoveExternal(this);
            try
            {
                EmulationManager.Instance.Save(path);
            }
            finally
            {
                manager.AddExternal(this, name);
                foreach(var address in hooked)
                {
                    cpu.AddHook(address, Stop);
                }
                hooks.ForEach(hook => hook.Key());
                tags.PutBack(path);
                semihosting.PutBack();
            }
        }

        // Opens the firmware's files as they were at a snapshot, and puts back what a snapshot cannot hold.
        public void Reopen(string path)
        {
            aligned = false;
            new McuTags(cpu.GetMachine().SystemBus).PutBack(path);
            semihosting.Reopen(File.ReadAllLines(path + ".files"));
        }

        // Bytes of a serial port go to and come from a socket.
        public void Serial(IUART uart, int port)
        {
            serial = new TcpClient("127.0.0.1", port);
            serial.NoDelay = true;
            var stream = serial.GetStream();
            uart.CharReceived += value =>
            {
                try
                {
                    stream.WriteByte(value);
                }
                catch(Exception e) when(e is IOException || e is ObjectDisposedException)
                {
                }
            };
            var reader = new Thread(() =>
            {
                try
                {
                    int value;
                    while((value = stream.ReadByte()) >= 0)
                    {
                        uart.WriteChar((byte)value);
                    }
                }
                catch(Exception e) when(e is IOException || e is ObjectDisposedException)
                {
                }
            });
            reader.IsBackground = true;
            reader.Start();
        }

        private void Stop(ICpuSupportingGdb _, ulong at)
        {
            var here = cpu.ExecutedInstructions;
            if(stepping || !breakpoints.Contains(at) || (here == resumedAt && at == resumedFrom))
            {
                return;
            }
            hit = at;
            cpu.GetMachine().PauseAndRequestEmulationPause(true);
        }

        private string State(string reason)
        {
            reason = Exited ? "exit" : LockedUp ? "lockup" : hit != null ? "hit" : reason;
            return string.Format(CultureInfo.InvariantCulture, "{0} {1:x} {2} {3}", reason, cpu.PC.RawValue, cpu.ExecutedInstructions, semihosting.ExitCode);
        }

        private bool Exited => semihosting.Exited;

        private bool LockedUp => nvic != null && nvic.Lockup.IsSet;

        private TranslationCPU cpu;
        private IMcuSemihosting semihosting;
        private NVIC nvic;
        private TcpClient serial;
        private bool stepping;
        private bool aligned = true;
        private TimeInterval deadline = TimeInterval.Maximal;
        private ulong? callStart;
        private ulong? hit;
        private ulong resumedFrom;
        private ulong resumedAt;

        private const ulong QuantumInstructions = 12500;

        private readonly Emulation emulation;
        private readonly HashSet<ulong> breakpoints = new HashSet<ulong>();
        private readonly HashSet<ulong> hooked = new HashSet<ulong>();
    }
}
