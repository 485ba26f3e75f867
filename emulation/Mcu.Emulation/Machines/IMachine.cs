using Mcu.Generator.Targets;

namespace Mcu.Emulation.Machines;

/// <summary>Starts machines: an emulator as an interactive test sees it.</summary>
public interface IMachineEmulator : IEmulator
{
    /// <summary>
    /// Loads a firmware image and holds the processor at its reset. Errors: MCU1001 to 1007 a tool is missing, MCU1105 the port is
    /// taken, MCU1106 the emulator does not come up, MCU1111 it has no machine for the target, MCU1127 its artefacts cannot be written.
    /// </summary>
    /// <param name="elf">The image, a little-endian 32-bit ELF file linked for the target's memory map.</param>
    Task<IMachine> StartAsync(string elf, TargetDescription target, MachineOptions? options = null, CancellationToken cancellation = default);
}

/// <summary>
/// A processor with its memories, held between two instructions except while <see cref="RunAsync"/> runs. One caller at a time;
/// disposing ends the emulator and removes its files.
/// </summary>
/// <remarks>Every member throws MCU1104 once the emulator has died, MCU1109 after the machine was disposed.</remarks>
public interface IMachine : IAsyncDisposable
{
    /// <summary>Name of the emulator: <c>qemu</c> or <c>renode</c>.</summary>
    string Emulator { get; }

    TargetDescription Target { get; }

    /// <summary>Functions and variables of the image.</summary>
    FirmwareSymbols Symbols { get; }

    /// <summary>The board's first serial port.</summary>
    SerialPort Serial { get; }

    /// <summary>Instructions executed since the reset.</summary>
    Task<long> InstructionsAsync(CancellationToken cancellation = default);

    /// <summary>Runs until something of <paramref name="until"/> happens, a fault is raised or the program ends.</summary>
    Task<MachineStop> RunAsync(RunUntil until, CancellationToken cancellation = default);

    /// <summary>Reads memory as the processor sees it.</summary>
    Task<byte[]> ReadMemoryAsync(ulong address, int count, CancellationToken cancellation = default);

    /// <summary>Writes memory, also what is flash to the firmware.</summary>
    Task WriteMemoryAsync(ulong address, ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default);

    /// <summary>
    /// From now on calls back behind each write of the firmware to a range of memory or registers, in their order and before the run that made
    /// them returns; across resets and power cuts. The callback must not use the machine, which is running; what it throws is thrown behind
    /// the run. An instruction that stores several words makes several writes. A hook cannot be taken off. MCU1108 where the emulator cannot watch as much.
    /// </summary>
    /// <param name="bytes">Size of the range, 1 or more.</param>
    Task OnWriteAsync(ulong address, int bytes, Action<MachineWrite> seen, CancellationToken cancellation = default);

    /// <summary>As <see cref="OnWriteAsync"/>, for the output pins of a GPIO controller. MCU1125 where the machine models none at the address.</summary>
    /// <param name="controller">Address of one of its registers.</param>
    Task OnPinAsync(ulong controller, Action<PinChange> seen, CancellationToken cancellation = default);

    /// <summary>Drives an input pin of a GPIO controller. MCU1125 where the machine models no such controller or pin.</summary>
    /// <param name="controller">Address of one of its registers.</param>
    Task SetPinAsync(ulong controller, int pin, bool level, CancellationToken cancellation = default);

    /// <summary>As <see cref="OnWriteAsync"/>, for programs and erases of a flash. MCU1126 where the machine models none at the address.</summary>
    /// <param name="flash">Address of its first byte.</param>
    Task OnFlashAsync(ulong flash, Action<FlashOperation> seen, CancellationToken cancellation = default);

    /// <summary>Core registers.</summary>
    Task<MachineRegisters> RegistersAsync(CancellationToken cancellation = default);

    /// <summary>
    /// Bytes of the stack between <c>__stack_limit</c> and <c>__stack_top</c> that were written since the start (painted then);
    /// MCU1107 where the image has no such symbols.
    /// </summary>
    Task<int> StackHighWaterAsync(CancellationToken cancellation = default);

    /// <summary>Keeps the whole state under a name. MCU1108 where the emulator cannot.</summary>
    Task SaveSnapshotAsync(string name, CancellationToken cancellation = default);

    /// <summary>Goes back to a kept state, also several times. MCU1108 for an unknown name.</summary>
    Task RestoreSnapshotAsync(string name, CancellationToken cancellation = default);

    /// <summary>Resets the system; RAM that the image does not load keeps its content.</summary>
    Task ResetAsync(CancellationToken cancellation = default);

    /// <summary>
    /// Runs until exactly <paramref name="instructions"/> were executed since the reset, then the power goes: the machine starts anew
    /// with nothing kept but <paramref name="nonVolatile"/>. A program that ends before is MCU1108.
    /// </summary>
    /// <returns>The kept ranges as they were when the power went.</returns>
    Task<PowerCut> PowerCutAsync(long instructions, IReadOnlyList<MemoryRegion> nonVolatile, CancellationToken cancellation = default);
}

/// <summary>Choices of a machine.</summary>
public sealed record MachineOptions
{
    /// <summary>TCP port of the emulator's control connection on this host; null for one of its own choice.</summary>
    public int? Port { get; init; }

    /// <summary>Words of the semihosting command line after the program's name.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Files that the firmware finds by semihosting in its working directory, by short name.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Files { get; init; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>Longest time until the emulator answers.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether the stack is painted for <see cref="IMachine.StackHighWaterAsync"/>.</summary>
    public bool PaintStack { get; init; } = true;

    /// <summary>A description in the emulator's own language to add to the platform (Renode: lines of a .repl); empty for none.</summary>
    public string Peripherals { get; init; } = "";

    /// <summary>
    /// Folder in which every machine leaves a trace when it is disposed: how its runs ended, and the transcript of its serial port. That of
    /// <c>MCU_TEST_ARTIFACTS</c> unless it is set; null for none.
    /// </summary>
    public string? Artifacts { get; init; } = Environment.GetEnvironmentVariable("MCU_TEST_ARTIFACTS");

    /// <summary>C# files that the emulator compiles and loads before the platform (Renode only).</summary>
    public IReadOnlyList<string> PeripheralSources { get; init; } = [];
}

/// <summary>What ends a run. Whatever comes first.</summary>
public sealed record RunUntil
{
    /// <summary>A function or label: the run ends before its first instruction.</summary>
    public string? Symbol { get; init; }

    /// <summary>An address, as <see cref="Symbol"/>.</summary>
    public ulong? Address { get; init; }

    /// <summary>Instructions from here on; at this limit a few more may run.</summary>
    public long? Instructions { get; init; }

    /// <summary>Time of the machine, <see cref="NanosecondsPerInstruction"/> an instruction.</summary>
    public TimeSpan? VirtualTime { get; init; }

    /// <summary>Time of this host.</summary>
    public TimeSpan WallClock { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Virtual time of an instruction on both emulators: 125 million a second.</summary>
    public const int NanosecondsPerInstruction = 8;

    public static RunUntil Reaches(string symbol) => new() { Symbol = symbol };

    internal long? Limit
    {
        get
        {
            long? time = VirtualTime is { } span ? (long)(span.TotalNanoseconds / NanosecondsPerInstruction) : null;
            return Instructions is { } count && time is { } other ? Math.Min(count, other) : Instructions ?? time;
        }
    }
}

/// <summary>Why a run ended.</summary>
public enum StopReason
{
    /// <summary>The symbol or address was reached.</summary>
    Reached,

    /// <summary>The program ended by semihosting.</summary>
    Exited,

    /// <summary>The processor entered a fault handler.</summary>
    Fault,

    /// <summary>The stack pointer left the stack.</summary>
    StackOverflow,

    /// <summary>A fault inside the handling of a fault.</summary>
    LockUp,

    /// <summary>The limit of instructions or virtual time.</summary>
    InstructionLimit,

    /// <summary>The limit of this host's time.</summary>
    TimeLimit,
}

/// <summary>How a run ended.</summary>
/// <param name="Pc">Where the processor stands; 0 after an exit.</param>
/// <param name="Function">Function around <paramref name="Pc"/>, or around the faulting instruction; null outside all.</param>
/// <param name="Instructions">Executed since the reset.</param>
/// <param name="ExitCode">Of a program that ended.</param>
/// <param name="Fault">One sentence with cause, place and registers; null without a fault.</param>
public sealed record MachineStop(StopReason Reason, ulong Pc, string? Function, long Instructions, int ExitCode, string? Fault)
{
    /// <summary>This, or the diagnostic of what went wrong instead of <paramref name="expected"/>: MCU1112 to MCU1116, MCU1118.</summary>
    public MachineStop Expect(StopReason expected) => Reason == expected ? this : throw MachineFailures.Of(this, expected);
}

/// <summary>Core registers of an Arm M-profile or RV32 core, in the order of its architecture.</summary>
/// <param name="Words">r0 to r12, sp, lr, pc, xpsr; or x0 to x31, pc.</param>
public sealed record MachineRegisters(IReadOnlyList<uint> Words)
{
    private const int ArmCount = 17;

    public uint StackPointer => Words.Count == ArmCount ? Words[13] : Words[2];

    public uint LinkRegister => Words.Count == ArmCount ? Words[14] : Words[1];

    public uint Pc => Words.Count == ArmCount ? Words[15] : Words[32];
}

/// <summary>What was in the kept ranges when the power went.</summary>
/// <param name="Instructions">Executed before, exactly.</param>
/// <param name="Memory">One array for each range.</param>
public sealed record PowerCut(long Instructions, IReadOnlyList<byte[]> Memory);
