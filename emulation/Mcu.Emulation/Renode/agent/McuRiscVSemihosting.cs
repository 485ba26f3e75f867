// Compiled by Renode together with McuAgent.cs: semihosting of RISC-V, which Renode does not have.
namespace Antmicro.Renode.Mcu
{
    using System;
    using System.Collections.Generic;
    using System.IO;
    using System.Linq;
    using System.Text;

    using Antmicro.Renode.Core;
    using Antmicro.Renode.Peripherals.CPU;

    // The operations that the harness asks for ("RISC-V Semihosting", version 1.0, takes them over from Arm), on the files of one folder.
    internal sealed class McuRiscVSemihosting : IMcuSemihosting
    {
        // The call is where the EBREAK of the sequence stands; the program goes on behind it.
        public McuRiscVSemihosting(RiscV32 cpu, string folder, string commandLine, ulong call)
        {
            this.cpu = cpu;
            this.folder = folder;
            this.commandLine = commandLine;
            this.call = call;
            PutBack();
        }

        public void Dispose()
        {
            foreach(var file in files)
            {
                file.Dispose();
            }
        }

        public IEnumerable<string> Files()
        {
            return files.Select((file, i) => McuOpenFile.Line(i + 1, file)).ToArray();
        }

        public void TakeOff()
        {
            cpu.RemoveHook(call, Answer);
        }

        public void PutBack()
        {
            cpu.AddHook(call, Answer);
        }

        public void Reopen(IEnumerable<string> lines)
        {
            foreach(var line in lines)
            {
                var writes = McuOpenFile.Mode(line) != "ReadBinary";
                files.Add(new FileStream(Path.Combine(folder, McuOpenFile.Name(line)), FileMode.Open, writes ? FileAccess.Write : FileAccess.Read, FileShare.ReadWrite));
                McuOpenFile.GoBack(line, files[files.Count - 1]);
            }
        }

        public bool Exited { get; private set; }

        public int ExitCode { get; private set; }

        private void Answer(ICpuSupportingGdb _, ulong address)
        {
            cpu.SetRegister(Result, Do((uint)cpu.GetRegister(Operation).RawValue, cpu.GetRegister(Arguments).RawValue));
            cpu.PC = address + 4;
        }

        private uint Do(uint operation, ulong arguments)
        {
            switch(operation)
            {
            case 0x01:
                return Open(Encoding.ASCII.GetString(Bytes(Word(arguments, 0), Word(arguments, 2))), Word(arguments, 1));
            case 0x05:
                return Write(Word(arguments, 0), Bytes(Word(arguments, 1), Word(arguments, 2)));
            case 0x06:
                return Read(Word(arguments, 0), Word(arguments, 1), Word(arguments, 2));
            case 0x15:
                return CommandLine(arguments);
            case 0x20:
                ExitCode = (int)Word(arguments, 1);
                Exited = true;
                cpu.IsHalted = true;
                return operation;
            default:
                return Failure;
            }
        }

        private uint Open(string name, uint mode)
        {
            var path = Path.Combine(folder, Path.GetFileName(name));
            if(mode < 4 && !File.Exists(path))
            {
                return Failure;
            }
            files.Add(mode < 4 ? new FileStream(path, FileMode.Open, FileAccess.Read) : new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read));
            return (uint)files.Count;
        }

        // Bytes that were not written.
        private uint Write(uint file, byte[] bytes)
        {
            if(file == 0 || file > files.Count)
            {
                return (uint)bytes.Length;
            }
            files[(int)file - 1].Write(bytes, 0, bytes.Length);
            files[(int)file - 1].Flush();
            return 0;
        }

        // Bytes that were not read.
        private uint Read(uint file, uint to, uint count)
        {
            var bytes = new byte[count];
            var got = file == 0 || file > files.Count ? 0 : files[(int)file - 1].Read(bytes, 0, bytes.Length);
            if(got > 0)
            {
                cpu.GetMachine().SystemBus.WriteBytes(bytes, to, got);
            }
            return count - (uint)got;
        }

        private uint CommandLine(ulong arguments)
        {
            var text = Encoding.ASCII.GetBytes(commandLine + "\0");
            if(text.Length > Word(arguments, 1))
            {
                return Failure;
            }
            cpu.GetMachine().SystemBus.WriteBytes(text, Word(arguments, 0));
            cpu.GetMachine().SystemBus.WriteDoubleWord(arguments + 4, (uint)text.Length - 1);
            return 0;
        }

        private uint Word(ulong arguments, int index)
        {
            return cpu.GetMachine().SystemBus.ReadDoubleWord(arguments + (ulong)(4 * index));
        }

        private byte[] Bytes(uint address, uint count)
        {
            return cpu.GetMachine().SystemBus.ReadBytes(address, (int)count);
        }

        private const uint Failure = uint.MaxValue;
        private const int Operation = 10;
        private const int Arguments = 11;
        private const int Result = 10;

        private readonly RiscV32 cpu;
        private readonly string folder;
        private readonly string commandLine;
        private readonly ulong call;
        private readonly List<FileStream> files = new List<FileStream>();
    }
}
