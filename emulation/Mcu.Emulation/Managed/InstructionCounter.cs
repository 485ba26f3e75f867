using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace Mcu.Emulation.Managed;

/// <summary>
/// Counts executed IL instructions exactly: a copy of an assembly whose basic blocks count how often they run. What a device's interpreter takes is
/// the sum over opcodes of count times cost. Kernel calls in a network's <c>Run</c> are counted apart, one row of counts each.
/// </summary>
public sealed class InstructionCounter
{
    private const string TypeName = "McuBlockCounts";
    private const string FieldName = "Counts";
    private const string RowsName = "Rows";
    private const string EntryName = "Run";

    private readonly List<Block> blocks = [];
    private int calls;

    private InstructionCounter()
    {
    }

    /// <summary>The instrumented assembly.</summary>
    public byte[] Assembly { get; private set; } = [];

    /// <summary>Instruments every method of an assembly.</summary>
    public static InstructionCounter Instrument(byte[] assembly)
    {
        var counter = new InstructionCounter();
        using var input = new MemoryStream(assembly);
        using AssemblyDefinition definition = AssemblyDefinition.ReadAssembly(input);
        ModuleDefinition module = definition.MainModule;
        MethodDefinition[] methods = [.. module.GetTypes().SelectMany(t => t.Methods).Where(m => m.HasBody)];
        var counts = new FieldDefinition(FieldName, FieldAttributes.Public | FieldAttributes.Static, new ArrayType(module.TypeSystem.Int64));
        var holder = new TypeDefinition("", TypeName, TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed, module.TypeSystem.Object);
        holder.Fields.Add(counts);
        var rows = new FieldDefinition(RowsName, FieldAttributes.Public | FieldAttributes.Static, new ArrayType(counts.FieldType));
        holder.Fields.Add(rows);
        module.Types.Add(holder);
        foreach (MethodDefinition method in methods)
        {
            Instruction[] kernels = [.. IsEntry(method) ? method.Body.Instructions.Where(IsKernelCall) : []];
            counter.Instrument(method, counts);
            counter.Separate(method, kernels, counts, rows);
        }

        using var output = new MemoryStream();
        definition.Write(output);
        counter.Assembly = output.ToArray();
        return counter;
    }

    /// <summary>Sets all counts of a loaded instrumented assembly to zero; called before its first run.</summary>
    public void Reset(System.Reflection.Assembly loaded)
    {
        long[][] rows = [.. Enumerable.Range(0, calls + 1).Select(_ => new long[blocks.Count])];
        Field(loaded, RowsName).SetValue(null, rows);
        Field(loaded, FieldName).SetValue(null, rows[0]);
    }

    /// <summary>What ran since <see cref="Reset"/>.</summary>
    public ExecutedInstructions Read(System.Reflection.Assembly loaded)
    {
        long[][] rows = Rows(loaded);
        long[] counts = [.. Enumerable.Range(0, blocks.Count).Select(i => rows.Sum(r => r[i]))];
        var byOpcode = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var byMethod = new SortedDictionary<string, long>(StringComparer.Ordinal);
        for (int i = 0; i < counts.Length; i++)
        {
            foreach (string opcode in blocks[i].Opcodes)
            {
                byOpcode[opcode] = byOpcode.GetValueOrDefault(opcode) + counts[i];
            }

            byMethod[blocks[i].Method] = byMethod.GetValueOrDefault(blocks[i].Method) + (counts[i] * blocks[i].Opcodes.Length);
        }

        return new ExecutedInstructions(byOpcode, byMethod);
    }

    /// <summary>Instructions of each kernel call of <c>Run</c> since <see cref="Reset"/>, in the order in which they are written.</summary>
    public IReadOnlyList<long> ReadCalls(System.Reflection.Assembly loaded) =>
        [.. Rows(loaded).Skip(1).Select(row => row.Select((count, i) => count * blocks[i].Opcodes.Length).Sum())];

    private static long[][] Rows(System.Reflection.Assembly loaded) => (long[][])Field(loaded, RowsName).GetValue(null)!;

    private static System.Reflection.FieldInfo Field(System.Reflection.Assembly loaded, string name) => loaded.GetType(TypeName, throwOnError: true)!.GetField(name)!;

    private static bool IsEntry(MethodDefinition method) => method is { Name: EntryName, IsStatic: false, DeclaringType.IsPublic: true };

    private static bool IsKernelCall(Instruction instruction) =>
        instruction.OpCode.Code == Code.Call && instruction.Operand is MethodDefinition { Name: EntryName, IsStatic: true };

    /// <summary>Gives each of the calls counts of its own; what stands around them, the arguments too, counts as the network's.</summary>
    private void Separate(MethodDefinition method, Instruction[] kernels, FieldDefinition counts, FieldDefinition rows)
    {
        ILProcessor processor = method.Body.GetILProcessor();
        foreach (Instruction call in kernels)
        {
            Instruction next = call.Next;
            Switch(processor, call, ++calls, counts, rows);
            Switch(processor, next, 0, counts, rows);
        }
    }

    private static void Switch(ILProcessor processor, Instruction before, int row, FieldDefinition counts, FieldDefinition rows)
    {
        processor.InsertBefore(before, processor.Create(OpCodes.Ldsfld, rows));
        processor.InsertBefore(before, processor.Create(OpCodes.Ldc_I4, row));
        processor.InsertBefore(before, processor.Create(OpCodes.Ldelem_Ref));
        processor.InsertBefore(before, processor.Create(OpCodes.Stsfld, counts));
    }

    private void Instrument(MethodDefinition method, FieldDefinition counts)
    {
        MethodBody body = method.Body;
        body.SimplifyMacros();
        Instruction[] original = [.. body.Instructions];
        HashSet<Instruction> leaders = Leaders(body, original);
        ILProcessor processor = body.GetILProcessor();
        var replaced = new Dictionary<Instruction, Instruction>();
        for (int i = 0; i < original.Length;)
        {
            int end = i + 1;
            while (end < original.Length && !leaders.Contains(original[end]))
            {
                end++;
            }

            blocks.Add(new Block(method.DeclaringType.Name + "." + method.Name, [.. original[i..end].Select(o => o.OpCode.Name)]));
            replaced[original[i]] = Insert(processor, original[i], counts, blocks.Count - 1);
            i = end;
        }

        Redirect(body, original, replaced);
        body.OptimizeMacros();
    }

    /// <summary>Instructions that start a block: the first, targets, and what follows a branch.</summary>
    private static HashSet<Instruction> Leaders(MethodBody body, Instruction[] instructions)
    {
        var leaders = new HashSet<Instruction> { instructions[0] };
        foreach (Instruction instruction in instructions)
        {
            IEnumerable<Instruction> targets = instruction.Operand switch
            {
                Instruction target => [target],
                Instruction[] several => several,
                _ => [],
            };
            leaders.UnionWith(targets);
            bool ends = instruction.OpCode.FlowControl is FlowControl.Branch or FlowControl.Cond_Branch or FlowControl.Return or FlowControl.Throw;
            if (ends && instruction.Next is not null)
            {
                leaders.Add(instruction.Next);
            }
        }

        foreach (ExceptionHandler handler in body.ExceptionHandlers)
        {
            leaders.UnionWith(new[] { handler.TryStart, handler.TryEnd, handler.HandlerStart, handler.HandlerEnd, handler.FilterStart }.OfType<Instruction>());
        }

        return leaders;
    }

    private static Instruction Insert(ILProcessor processor, Instruction before, FieldDefinition counts, int index)
    {
        Instruction[] count =
        [
            processor.Create(OpCodes.Ldsfld, counts),
            processor.Create(OpCodes.Ldc_I4, index),
            processor.Create(OpCodes.Ldelema, counts.Module.TypeSystem.Int64),
            processor.Create(OpCodes.Dup),
            processor.Create(OpCodes.Ldind_I8),
            processor.Create(OpCodes.Ldc_I4_1),
            processor.Create(OpCodes.Conv_I8),
            processor.Create(OpCodes.Add),
            processor.Create(OpCodes.Stind_I8),
        ];
        foreach (Instruction instruction in count)
        {
            processor.InsertBefore(before, instruction);
        }

        return count[0];
    }

    private static void Redirect(MethodBody body, Instruction[] original, Dictionary<Instruction, Instruction> replaced)
    {
        foreach (Instruction instruction in original)
        {
            instruction.Operand = instruction.Operand switch
            {
                Instruction target => replaced[target],
                Instruction[] several => several.Select(t => replaced[t]).ToArray(),
                object other => other,
                null => null,
            };
        }

        foreach (ExceptionHandler handler in body.ExceptionHandlers)
        {
            handler.TryStart = replaced[handler.TryStart];
            handler.TryEnd = handler.TryEnd is null ? null : replaced[handler.TryEnd];
            handler.HandlerStart = replaced[handler.HandlerStart];
            handler.HandlerEnd = handler.HandlerEnd is null ? null : replaced[handler.HandlerEnd];
        }
    }

    private sealed record Block(string Method, string[] Opcodes);
}

/// <summary>Executed IL instructions.</summary>
/// <param name="ByOpcode">Count per opcode; short forms count as their long ones.</param>
/// <param name="ByMethod">Count per method, its callees not included.</param>
public sealed record ExecutedInstructions(IReadOnlyDictionary<string, long> ByOpcode, IReadOnlyDictionary<string, long> ByMethod)
{
    public long Total => ByOpcode.Values.Sum();
}
