using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Mcu.Emulation.Managed;

/// <summary>One IL instruction: where it starts, and the token it names or 0.</summary>
internal sealed record IlInstruction(int Offset, ILOpCode OpCode, int Token);

/// <summary>A method's instructions (ECMA-335 partition III).</summary>
internal sealed class MethodIl
{
    private MethodIl(int bytes)
    {
        Bytes = bytes;
    }

    public List<IlInstruction> Instructions { get; } = [];

    public int Bytes { get; }

    /// <summary>Distance of the longest branch, in bytes.</summary>
    public int LongestBranch { get; private set; }

    /// <summary>Cases of the largest switch.</summary>
    public int LargestSwitch { get; private set; }

    public static MethodIl Read(MethodBodyBlock body)
    {
        BlobReader il = body.GetILReader();
        var result = new MethodIl(il.Length);
        while (il.RemainingBytes > 0)
        {
            result.Next(ref il);
        }

        return result;
    }

    private void Next(ref BlobReader il)
    {
        int offset = il.Offset;
        int first = il.ReadByte();
        var opcode = (ILOpCode)(first == 0xFE ? 0xFE00 | il.ReadByte() : first);
        int token = 0;
        if (opcode == ILOpCode.Switch)
        {
            int cases = il.ReadInt32();
            LargestSwitch = Math.Max(LargestSwitch, cases);
            for (int i = 0; i < cases; i++)
            {
                Branch(il.ReadInt32());
            }
        }
        else if (opcode.IsBranch())
        {
            Branch(opcode.GetBranchOperandSize() == 1 ? il.ReadSByte() : il.ReadInt32());
        }
        else if (OpcodeRules.OperandBytes(opcode) == 4)
        {
            token = il.ReadInt32();
        }
        else
        {
            il.Offset += OpcodeRules.OperandBytes(opcode);
        }

        Instructions.Add(new IlInstruction(offset, opcode, OpcodeRules.HasToken(opcode) ? token : 0));
    }

    private void Branch(int distance) => LongestBranch = Math.Max(LongestBranch, Math.Abs(distance));
}
