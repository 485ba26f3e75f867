using System.Collections.Frozen;
using System.Reflection.Emit;
using System.Reflection.Metadata;

namespace Mcu.Emulation.Managed;

/// <summary>Operand sizes of opcodes, and which opcodes the platform lacks or computes in another way.</summary>
internal static class OpcodeRules
{
    /// <summary>Opcodes by value, from the runtime's own table.</summary>
    private static readonly FrozenDictionary<int, OpCode> Table = typeof(OpCodes).GetFields()
        .Select(f => f.GetValue(null)).OfType<OpCode>()
        .ToFrozenDictionary(o => o.Value & 0xFFFF);

    /// <summary>
    /// Pointers, stack memory, function pointers, overflow checks, and unsigned arithmetic, whose values keep a tag that changes later operations.
    /// Comparison with null or for equality may be unsigned.
    /// </summary>
    private static readonly FrozenSet<ILOpCode> Forbidden = new[]
    {
        ILOpCode.Localloc, ILOpCode.Ldftn, ILOpCode.Ldvirtftn, ILOpCode.Calli, ILOpCode.Cpblk, ILOpCode.Initblk, ILOpCode.Mkrefany, ILOpCode.Refanyval, ILOpCode.Arglist,
        ILOpCode.Add_ovf, ILOpCode.Add_ovf_un, ILOpCode.Sub_ovf, ILOpCode.Sub_ovf_un, ILOpCode.Mul_ovf, ILOpCode.Mul_ovf_un,
        ILOpCode.Conv_u4, ILOpCode.Conv_u8, ILOpCode.Conv_r_un, ILOpCode.Conv_i, ILOpCode.Conv_u,
        ILOpCode.Div_un, ILOpCode.Rem_un, ILOpCode.Shr_un, ILOpCode.Clt_un,
        ILOpCode.Bge_un, ILOpCode.Bge_un_s, ILOpCode.Bgt_un, ILOpCode.Bgt_un_s, ILOpCode.Ble_un, ILOpCode.Ble_un_s, ILOpCode.Blt_un, ILOpCode.Blt_un_s,
        ILOpCode.Ldind_u4, ILOpCode.Ldelem_u4, ILOpCode.Ldelem_i, ILOpCode.Stelem_i, ILOpCode.Ldind_i, ILOpCode.Stind_i, ILOpCode.Sizeof, ILOpCode.Jmp, ILOpCode.Volatile,
    }.ToFrozenSet();

    public static bool IsForbidden(ILOpCode opcode) => Forbidden.Contains(opcode) || Name(opcode).StartsWith("conv.ovf", StringComparison.Ordinal);

    public static string Name(ILOpCode opcode) => Of(opcode).Name!;

    public static bool HasToken(ILOpCode opcode) => Of(opcode).OperandType is
        OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok or OperandType.InlineString or OperandType.InlineSig;

    /// <summary>Bytes behind the opcode; branches and switches are read apart.</summary>
    public static int OperandBytes(ILOpCode opcode) => Of(opcode).OperandType switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineI or OperandType.ShortInlineVar or OperandType.ShortInlineBrTarget => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };

    private static OpCode Of(ILOpCode opcode) => Table[(int)opcode];
}
