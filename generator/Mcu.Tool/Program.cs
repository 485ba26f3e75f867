using Mcu.Tool.Cli;

return await Application.MainAsync(args);
