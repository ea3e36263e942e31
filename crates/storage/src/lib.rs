//! An embedded storage engine for AI systems that learn continuously
