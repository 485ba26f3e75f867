// Compiled and loaded by Renode at run time: NOR flash as firmware sees it, with torn operations and wear.
using System;

using Antmicro.Renode.Core;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.Bus;

namespace Antmicro.Renode.Peripherals.MTD
{
    // The first size bytes are the flash; after them stand registers of 32 bits:
    //   0  write: erases the block around an offset    read: status, bit 0 a program that would have set a bit, bit 1 a wrong size
    //   4  write: clears the status                    read: operations so far
    //   8  write: chooses a block                      read: erases of that block
    //  12  write: the operation of that number (from now, 1 is the next) is torn and all later ones are lost; 0 for never
    public class McuNorFlash : IDoubleWordPeripheral, IWordPeripheral, IBytePeripheral, IKnownSize
    {
        public McuNorFlash(IMachine machine, int blockBytes = 4096, int blocks = 16, int programBytes = 4)
        {
            this.blockBytes = blockBytes;
            this.programBytes = programBytes;
            content = new byte[blockBytes * blocks];
            wear = new uint[blocks];
            Array.Fill(content, (byte)0xFF);
        }

        // A reset of the system leaves flash as it is.
        public void Reset()
        {
        }

        public uint ReadDoubleWord(long offset)
        {
            if(offset < content.Length)
            {
                return (uint)(content[offset] | content[offset + 1] << 8 | content[offset + 2] << 16 | content[offset + 3] << 24);
            }
            switch(offset - content.Length)
            {
            case 0:
                return status;
            case 4:
                return operations;
            case 8:
                return wear[chosen];
            default:
                return 0;
            }
        }

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
                Erase((int)(value / blockBytes));
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

        public ushort ReadWord(long offset) => (ushort)(ReadByte(offset) | ReadByte(offset + 1) << 8);

        public void WriteWord(long offset, ushort value) => Program(offset, value, 2);

        public byte ReadByte(long offset) => offset < content.Length ? content[offset] : (byte)0;

        public void WriteByte(long offset, byte value) => Program(offset, value, 1);

        // Whether it erases, the offset of its first byte, its bytes and how many of them were done; behind each operation.
        public event Action<bool, long, int, int> Operated;

        public long Size => content.Length + 16;

        private void Program(long offset, uint value, int bytes)
        {
            if(bytes != programBytes || offset % programBytes != 0)
            {
                status |= 2;
                this.Log(LogLevel.Warning, "A program of {0} bytes at 0x{1:X}; the granularity is {2}", bytes, offset, programBytes);
                return;
            }
            var done = Begin() ? bytes : dead ? 0 : bytes / 2;
            Finish();
            for(var i = 0; i < done; i++)
            {
                var wanted = (byte)(value >> (8 * i));
                status |= (wanted & ~content[offset + i]) != 0 ? 1u : 0u;
                content[offset + i] &= wanted;
            }
            Operated?.Invoke(false, offset, bytes, done);
        }

        private void Erase(int block)
        {
            if(block >= wear.Length)
            {
                return;
            }
            var done = Begin() ? blockBytes : dead ? 0 : blockBytes / 2;
            Finish();
            wear[block] += done > 0 ? 1u : 0u;
            Array.Fill(content, (byte)0xFF, block * blockBytes, done);
            Operated?.Invoke(true, (long)block * blockBytes, blockBytes, done);
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

        private readonly int blockBytes;
        private readonly int programBytes;
        private readonly byte[] content;
        private readonly uint[] wear;
    }
}
