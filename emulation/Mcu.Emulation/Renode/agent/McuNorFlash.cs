// Compiled and loaded by Renode at run time: NOR flash as firmware sees it, with torn operations and wear.
using System;

using Antmicro.Renode.Core;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.Bus;

namespace Antmicro.Renode.Peripherals.MTD
{
    // The first blockBytes * blocks bytes are the flash; after them stand registers of 32 bits:
    //   0  write: erases the block around an offset    read: status, bit 0 a program that would have set a bit, bit 1 a wrong size
    //   4  write: clears the status                    read: operations so far
    //   8  write: chooses a block                      read: erases of that block
    //  12  write: the operation of that number (from now, 1 is the next) is torn and all later ones are lost until the next reset; 0 for never
    //  16  read only: erases of every block, a word each
    // Writes in bulk, which only the debugger's side makes, go past the rules: they set content and registers as they are.
    public class McuNorFlash : IDoubleWordPeripheral, IWordPeripheral, IBytePeripheral, IMultibyteWritePeripheral, IKnownSize
    {
        public McuNorFlash(IMachine machine, int blockBytes = 4096, int blocks = 16, int programBytes = 4)
        {
            this.blockBytes = blockBytes;
            this.programBytes = programBytes;
            content = new byte[blockBytes * blocks];
            wear = new uint[blocks];
            Array.Fill(content, (byte)0xFF);
        }

        // A reset of the system leaves flash as it is; after a torn operation the power is back.
        public void Reset()
        {
            dead = false;
        }

        public byte ReadByte(long offset)
        {
            return offset < 0 || offset >= Size ? (byte)0
                : offset < content.Length ? content[offset]
                : (byte)(Register(offset - content.Length) >> (int)(8 * (offset & 3)));
        }

        public ushort ReadWord(long offset) => (ushort)(ReadByte(offset) | ReadByte(offset + 1) << 8);

        public uint ReadDoubleWord(long offset) => (uint)(ReadWord(offset) | ReadWord(offset + 2) << 16);

        public byte[] ReadBytes(long offset, int count, IPeripheral context = null)
        {
            var bytes = new byte[count];
            for(var i = 0; i < count; i++)
            {
                bytes[i] = ReadByte(offset + i);
            }
            return bytes;
        }

        public void WriteByte(long offset, byte value) => Program(offset, value, 1);

        public void WriteWord(long offset, ushort value) => Program(offset, value, 2);

        public void WriteDoubleWord(long offset, uint value)
        {
            if(offset < content.Length)
            {
                Program(offset, value, 4);
                return;
            }
            switch(offset - content.Length)
            {
            case 0:
                Erase(value / (uint)blockBytes);
                break;
            case 4:
                status = 0;
                break;
            case 8:
                chosen = value % (uint)wear.Length;
                break;
            case 12:
                tearIn = value;
                dead = false;
                break;
            }
        }

        public void WriteBytes(long offset, byte[] array, int startingIndex, int count, IPeripheral context = null)
        {
            for(var i = 0; i < count; i++)
            {
                SetByte(offset + i, array[startingIndex + i]);
            }
        }

        // Whether it erases, the offset of its first byte, its bytes and how many of them were done; behind each operation.
        public event Action<bool, long, int, int> Operated;

        public long Size => content.Length + Registers + 4 * wear.Length;

        private void SetByte(long offset, byte value)
        {
            if(offset < content.Length)
            {
                content[offset] = value;
                return;
            }
            var shift = (int)(8 * (offset & 3));
            var at = offset - content.Length;
            var word = (Register(at) & ~(0xFFu << shift)) | (uint)value << shift;
            switch(at & ~3)
            {
            case 0:
                status = word;
                break;
            case 4:
                operations = word;
                break;
            case 8:
                break;
            case 12:
                tearIn = word;
                dead = false;
                break;
            default:
                wear[(at - Registers) / 4] = word;
                break;
            }
        }

        private uint Register(long at)
        {
            switch(at & ~3)
            {
            case 0:
                return status;
            case 4:
                return operations;
            case 8:
                return wear[chosen];
            case 12:
                return tearIn;
            default:
                return wear[(at - Registers) / 4];
            }
        }

        private void Program(long offset, uint value, int bytes)
        {
            if(bytes != programBytes || offset % programBytes != 0 || offset + bytes > content.Length)
            {
                status |= 2;
                this.Log(LogLevel.Warning, "A program of {0} bytes at 0x{1:X}; the granularity is {2}", bytes, offset, programBytes);
                return;
            }
            // A torn program of one byte clears half of the bits that it should.
            var whole = Begin();
            var torn = !whole && !dead;
            Finish();
            for(var i = 0; i < bytes && (whole || torn); i++)
            {
                var wanted = (byte)(value >> (8 * i));
                status |= (wanted & ~content[offset + i]) != 0 ? 1u : 0u;
                content[offset + i] &= whole || 2 * i + 2 <= bytes ? wanted : bytes == 1 ? (byte)(wanted | 0xF0) : (byte)0xFF;
            }
            Operated?.Invoke(false, offset, bytes, whole ? bytes : torn ? bytes / 2 : 0);
        }

        private void Erase(uint block)
        {
            if(block >= wear.Length)
            {
                status |= 2;
                return;
            }
            var done = Begin() ? blockBytes : dead ? 0 : blockBytes / 2;
            Finish();
            wear[block] += done > 0 ? 1u : 0u;
            Array.Fill(content, (byte)0xFF, (int)block * blockBytes, done);
            Operated?.Invoke(true, block * blockBytes, blockBytes, done);
        }

        // Whether the operation is done whole; a torn one stops in the middle.
        private bool Begin()
        {
            operations++;
            return !dead && tearIn != 1;
        }

        private void Finish()
        {
            dead |= tearIn == 1;
            tearIn -= tearIn > 0 ? 1u : 0u;
        }

        private uint status;
        private uint operations;
        private uint chosen;
        private uint tearIn;
        private bool dead;

        private const int Registers = 16;

        private readonly int blockBytes;
        private readonly int programBytes;
        private readonly byte[] content;
        private readonly uint[] wear;
    }
}
